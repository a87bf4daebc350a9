// Damaged copies of real events through the decoder, in every build. AIPRESS_SEED repeats a run.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <iterator>
#include <random>

#include "tests/fuzz/fuzz_input.h"

namespace aipress::testing {
namespace {

constexpr int kCopiesOfAnInput = 400;

std::vector<Bytes> corpus() {
    char const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    auto const folder =
        std::filesystem::path(source != nullptr ? source : ".") / "tests/fuzz/corpus";
    std::vector<Bytes> inputs;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::string const text{std::istreambuf_iterator<char>(file), {}};
        inputs.push_back(BodyBuilder().text(text).body());
    }
    return inputs;
}

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_(seed) {}

    Bytes operator()(Bytes bytes) {
        for (std::size_t count = 1 + below(4); count > 0 && bytes.size() > 1; --count) {
            auto const at = static_cast<std::ptrdiff_t>(below(bytes.size()));
            switch (below(5)) {
                case 0:
                    bytes[static_cast<std::size_t>(at)] = random_byte();
                    break;
                case 1:
                    bytes[static_cast<std::size_t>(at)] ^= std::byte{1} << below(8);
                    break;
                case 2:
                    bytes.erase(bytes.begin() + at);
                    break;
                case 3:
                    bytes.insert(bytes.begin() + at, random_byte());
                    break;
                default:
                    bytes.resize(static_cast<std::size_t>(at));
                    break;
            }
        }
        return bytes;
    }

private:
    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }
    std::byte random_byte() { return static_cast<std::byte>(below(256)); }

    std::mt19937_64 random_;
};

TEST(DecoderMutationTest, TheCorpusItselfIsDecodedWhole) {
    auto const inputs = corpus();
    ASSERT_FALSE(inputs.empty());
    for (Bytes const& input : inputs) {
        FuzzOutcome const outcome = decode_fuzz_input(input);
        EXPECT_GT(outcome.decoded, 0U);
        EXPECT_EQ(outcome.refused, 0U);
    }
}

// Damage is refused or decoded to something else, but never trips an assertion or a sanitizer.
TEST(DecoderMutationTest, DamagedCopiesAreMet) {
    char const* const given = std::getenv("AIPRESS_SEED");
    std::uint64_t const seed =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "AIPRESS_SEED=" << seed << "\n";
    Mutator mutate(seed);
    FuzzOutcome total;
    for (Bytes const& input : corpus()) {
        for (int copy = 0; copy < kCopiesOfAnInput; ++copy) {
            FuzzOutcome const outcome = decode_fuzz_input(mutate(input));
            total.decoded += outcome.decoded;
            total.refused += outcome.refused;
        }
    }
    std::cout << total.decoded << " decoded, " << total.refused << " refused\n";
    EXPECT_GT(total.decoded, 0U);
    EXPECT_GT(total.refused, 0U);
}

}  // namespace
}  // namespace aipress::testing
