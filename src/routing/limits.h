// Every bound of the routing, in one place.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace aipress::routing::limits {

// A TTL that a switch can be waited out with, in seconds.
inline constexpr std::uint32_t kSwitchTtlMost = 60;

// All name servers have to agree on the old record within so long before it is changed: longer than
// Cloud DNS takes to publish a change.
inline constexpr milliseconds kProofTime{60'000};

// How often a change of record sets is tried again when others change the zone meanwhile.
inline constexpr unsigned kChangesMost = 5;

}  // namespace aipress::routing::limits
