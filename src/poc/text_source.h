// Text as blogs have it, the same for the same seed: markup, quotes, accents, emoji, serialized
// PHP.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace aipress::poc {

// Not thread safe.
class TextSource {
public:
    explicit TextSource(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] std::uint64_t number(std::uint64_t below) { return random_() % below; }
    [[nodiscard]] std::string sentence();
    // HTML paragraphs as the block editor stores them, of about so many bytes.
    [[nodiscard]] std::string article(std::size_t bytes);
    // serialize(['title' => …, 'items' => [...]]) of about so many bytes.
    [[nodiscard]] std::string serialized(std::size_t bytes);
    // "2019-03-14 07:05:59"
    [[nodiscard]] std::string date();
    [[nodiscard]] std::string bytes(std::size_t count);  // any byte values

private:
    std::mt19937_64 random_;
};

}  // namespace aipress::poc
