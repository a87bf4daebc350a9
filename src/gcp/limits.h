// Every bound of the Google Cloud clients, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::gcp::limits {

// Retries: AIP-194 and Cloud Storage's published strategy (1 s, doubled, 60 s at most).
inline constexpr milliseconds kBackoffFirst{1'000};
inline constexpr milliseconds kBackoffMost{60'000};
inline constexpr double kBackoffFactor = 2;
inline constexpr milliseconds kAttemptTime{300'000};  // Compute's `wait` takes two minutes
// How long an instance may be busy with others' operations: an import of some gigabytes.
inline constexpr milliseconds kQueueTime{1'800'000};
// How long a rate limit is waited out: quotas are a minute's.
inline constexpr milliseconds kRefusedTime{180'000};
inline constexpr unsigned kAttemptsMost = 100;       // also when there is no deadline
inline constexpr double kRetryDelaySeconds = 3'600;  // what Google asks for beyond is not believed

// Operations: asked after so long, then ever less often.
inline constexpr milliseconds kPollFirst{500};
inline constexpr milliseconds kPollMost{10'000};
// While visitors wait.
inline constexpr milliseconds kQuickPollFirst{50};
inline constexpr milliseconds kQuickPollMost{1'000};
inline constexpr milliseconds kServerWait{60'000};  // asked of the server at a time

// Tokens: renewed so long before they end, as Google's own libraries do; lifetime asked for.
inline constexpr milliseconds kTokenRenewal{225'000};
inline constexpr std::chrono::seconds kTokenLifetime{3'600};
inline constexpr milliseconds kRenewalPause{10'000};  // after one that failed

// Connections that rest between requests.
inline constexpr std::size_t kIdleConnections = 64;

// Lists.
inline constexpr std::size_t kPagesMost = 100'000;
inline constexpr std::size_t kServicesABatch = 20;  // that Service Usage enables in one call

// Cloud Storage: pieces of a file in flight, multiples of 256 KiB as resumable uploads need them.
inline constexpr std::uint64_t kPieceBytes = 8ull << 20;
inline constexpr std::uint64_t kSmallObjectBytes = 8ull << 20;  // more is uploaded resumably
inline constexpr unsigned kRewriteCallsMost = 100'000;
inline constexpr unsigned kUploadSessionsMost = 3;  // of one file: a session may be lost

inline constexpr std::size_t kQuotedBytes = 300;  // of an answer that is no JSON

// Quotas. A rate never falls below so many calls a minute.
inline constexpr double kLeastCallsAMinute = 1;
// Refusals mean a limit when there are so many among so many calls, and within a minute: a quarter.
// Where one call in twenty is refused by chance that is met once in 250,000 calls. While a limit
// that was found is probed half of both is enough.
inline constexpr std::size_t kRefusalsSustained = 10;
inline constexpr std::size_t kCallsJudged = 40;
// Where no limit is known the refusals may come early in a run, others having used it up.
inline constexpr double kLearnedLeastCalls = 60;
// RFC 9438's shape (CUBIC): cut to this share of what came through, back there after so long, and
// then beyond, slowly at first. One cut at most halves what the rate was taken to be.
inline constexpr double kQuotaCut = 0.7;
inline constexpr double kQuotaCutMost = 0.5;
inline constexpr milliseconds kQuotaRecovery{60'000};
// After a cut nobody calls for a while; as long as what comes next is refused, for twice as long.
inline constexpr milliseconds kQuotaPauseFirst{1'000};
inline constexpr milliseconds kQuotaPauseMost{10'000};
inline constexpr milliseconds kQuotaForgotten{600'000};  // of a limit that was learned only

}  // namespace aipress::gcp::limits
