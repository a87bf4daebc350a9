// Every bound of the resolver probe, in one place.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace aipress::dns::limits {

// A lost datagram is sent again; a server that is silent for all of it is taken for down.
inline constexpr milliseconds kAttemptTime{1'000};
inline constexpr unsigned kAttempts = 3;

inline constexpr std::size_t kMessageBytes = 65'535;  // RFC 1035: the most that TCP carries
inline constexpr std::size_t kAddressesMost = 8;      // of one name server
inline constexpr std::size_t kServersMost = 16;       // of one zone

// Until all servers of a zone agree they are asked after so long, then ever less often.
inline constexpr milliseconds kPollFirst{50};
inline constexpr milliseconds kPollMost{2'000};

}  // namespace aipress::dns::limits
