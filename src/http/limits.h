// Every bound of the HTTP server, and the client's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::http::limits {

inline constexpr std::size_t kHeaderBytes = 64u << 10;      // request line and headers
inline constexpr std::size_t kConnections = 20'000;         // more are closed at once
inline constexpr unsigned kWorkers = 32;                    // handlers at a time
inline constexpr unsigned kWorkersMost = 1'024;             // and those that wait for a client
inline constexpr std::size_t kPieceBytes = 256u << 10;      // of a body that is streamed
inline constexpr std::uint64_t kDrainedBytes = 1ull << 20;  // of a body that nobody read
inline constexpr std::uint64_t kAnswerBytes = 2ull << 30;   // that the client takes

inline constexpr milliseconds kHeaderTime{30'000};     // first byte to last header
inline constexpr milliseconds kHandshakeTime{30'000};  // TLS
inline constexpr milliseconds kIdleTime{300'000};      // between requests
inline constexpr milliseconds kPieceTime{60'000};      // one read or write of a body

}  // namespace aipress::http::limits
