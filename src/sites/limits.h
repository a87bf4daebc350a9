// Every bound of looking at a site.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace aipress::sites::limits {

inline constexpr milliseconds kPageTime{30'000};   // a page that takes longer has failed
inline constexpr std::size_t kRounds = 5'000;      // of one observation
inline constexpr std::size_t kWarmUpRounds = 12;   // before an observation
inline constexpr std::size_t kMismatches = 20;     // that are told
inline constexpr std::size_t kBrokenOptions = 50;  // that are named
inline constexpr std::size_t kCookies = 50;        // of a session
inline constexpr std::size_t kCookieBytes = 16u << 10;

}  // namespace aipress::sites::limits
