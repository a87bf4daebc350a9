// RFC 3339, as Google writes times.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace aipress::gcp {

// "2026-01-02T03:04:05.678Z". nullopt: it is none.
[[nodiscard]] std::optional<WallTime> parse_timestamp(std::string_view text);

}  // namespace aipress::gcp
