// "15s", "500ms", "2m", "1h": what an operator types and reads.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace aipress::cli {

// A whole number and a unit (ms, s, m, h), more than zero, at most a week. Errors: InvalidArgument.
[[nodiscard]] Result<milliseconds> parse_duration(std::string_view text);

// "350 ms", "12.4 s", "3 m 05 s", "2 h 07 m".
[[nodiscard]] std::string format_duration(milliseconds duration);

}  // namespace aipress::cli
