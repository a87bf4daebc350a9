// Times in HTTP's header fields: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace aipress::sandbox {

[[nodiscard]] std::string http_date(WallTime time);
// nullopt: it is none.
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string const& text);

}  // namespace aipress::sandbox
