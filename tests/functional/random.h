// Seeded choices: the same seed makes the same choices.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/assert.h"

namespace aipress::functional {

// Not thread safe: one for each thread, made by fork().
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    // Both ends included. REQUIRES: least <= most.
    [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most) {
        ASSERT(least <= most);
        return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
    }
    [[nodiscard]] std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(between(0, static_cast<std::int64_t>(limit) - 1));
    }
    [[nodiscard]] bool chance(int percent) { return between(1, 100) <= percent; }
    [[nodiscard]] std::uint64_t bits() { return engine_(); }
    [[nodiscard]] Random fork() { return Random(engine_()); }

    template <typename T>
    [[nodiscard]] T const& pick(std::vector<T> const& choices) {
        ASSERT(!choices.empty());
        return choices[below(choices.size())];
    }
    [[nodiscard]] std::string bytes(std::size_t size) {
        std::string result(size, '\0');
        for (auto& byte : result) byte = static_cast<char>(engine_() & 0xff);
        return result;
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace aipress::functional
