// Every bound of the inventory, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aipress::inventory::limits {

inline constexpr std::size_t kStateFileBytes = 16u << 20;  // a larger one is not read
inline constexpr std::uint64_t kListedObjects = 200'000;   // of a bucket; more is "at least"
inline constexpr unsigned kWorkers = 8;                    // calls at a time

// A day's requests from which on a site is of the class.
inline constexpr double kLowTraffic = 200;
inline constexpr double kMediumTraffic = 4'000;
inline constexpr double kHighTraffic = 40'000;
// Bytes of files and database together.
inline constexpr std::uint64_t kMediumSite = 1'000'000'000;
inline constexpr std::uint64_t kLargeSite = 10'000'000'000;

}  // namespace aipress::inventory::limits
