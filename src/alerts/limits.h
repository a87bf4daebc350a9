// Every bound of an alert.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace aipress::alerts::limits {

inline constexpr unsigned kAttempts = 4;  // at the webhook
inline constexpr milliseconds kAttemptTime{5'000};
inline constexpr milliseconds kBackoffLeast{250};    // doubled after each attempt
inline constexpr milliseconds kWebhookTime{15'000};  // all attempts and pauses together
inline constexpr std::size_t kTextBytes = 4'096;     // of one of an alert's texts; the rest is cut
inline constexpr std::size_t kLoggedBytes = 500;     // likewise, in the program's log

}  // namespace aipress::alerts::limits
