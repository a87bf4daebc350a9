// Times and durations as Google's JSON has them: google.protobuf.Timestamp and Duration.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace aipress::sandbox {

// Since 1970, UTC. An int64 of nanoseconds reaches from 1678 to 2261.
using Nanoseconds = std::chrono::nanoseconds;

[[nodiscard]] Nanoseconds nanoseconds_of(WallTime time);
// RFC 3339: "2026-11-25T18:30:00.123Z", or with an offset. nullopt: it is none, or out of range.
[[nodiscard]] std::optional<Nanoseconds> parse_timestamp(std::string_view text);
// With as many digits of 0, 3, 6 or 9 as it takes, and "Z".
[[nodiscard]] std::string format_timestamp(Nanoseconds time);
// "3600s", "0.5s". nullopt: it is none, negative, or longer than 285 years.
[[nodiscard]] std::optional<Nanoseconds> parse_duration(std::string_view text);

}  // namespace aipress::sandbox
