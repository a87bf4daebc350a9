// Which seeds a test runs: by the environment, to replay a failure or to run longer.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace aipress::functional {

// AIPRESS_TEST_SEED, else a new one each time. The caller prints it.
[[nodiscard]] inline std::uint64_t first_seed() {
    if (char const* text = std::getenv("AIPRESS_TEST_SEED")) return std::stoull(text);
    return std::random_device{}() % 1'000'000;
}

// AIPRESS_TEST_RUNS, else `usual`; run n has the seed first_seed() + n.
[[nodiscard]] inline std::uint64_t number_of_runs(std::uint64_t usual) {
    if (char const* text = std::getenv("AIPRESS_TEST_RUNS")) return std::stoull(text);
    return usual;
}

}  // namespace aipress::functional
