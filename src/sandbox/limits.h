// Every bound of the sandbox; Google's own where it publishes one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::sandbox::limits {

inline constexpr std::size_t kContentBytes = 10u << 20;    // of a JSON body, decompressed
inline constexpr std::size_t kCompressedLeast = 1u << 10;  // smaller replies go as they are
inline constexpr std::uint64_t kJournalBytes = 64u << 20;  // of requests.jsonl, twice
inline constexpr milliseconds kTokenTime{3'600'000};
inline constexpr milliseconds kStopTime{5'000};  // for requests in flight

inline constexpr std::size_t kQuotaBuckets = 10'000;
inline constexpr std::size_t kFaultRules = 1000;
inline constexpr std::uint64_t kFaultBurst = 1000;
inline constexpr milliseconds kFaultDelay{3'600'000};

inline constexpr std::size_t kBatchParts = 1000;        // requests of POST /batch
inline constexpr std::size_t kBatchEnable = 20;         // serviceusage, services of a call
inline constexpr std::size_t kSecretBytes = 64u << 10;  // of a version's payload
inline constexpr std::size_t kKeysOfAccount = 10;       // of a service account, by its users
inline constexpr std::size_t kLogEntryBytes = 256u << 10;
inline constexpr std::size_t kLogEntriesOfProject = 10'000;  // the oldest go
inline constexpr std::size_t kSeriesOfProject = 10'000;
inline constexpr std::size_t kPointsOfSeries = 10'000;  // the oldest go
inline constexpr std::size_t kSeriesOfRequest = 200;
inline constexpr std::size_t kSampledInstances = 1000;  // of Cloud SQL; more are not measured
inline constexpr std::size_t kSampledBuckets = 1000;    // with objects
inline constexpr milliseconds kSqlSampleTime{5'000};    // for one instance to answer
inline constexpr std::size_t kRowsOfInsert = 50'000;
inline constexpr std::size_t kPeeringsOfNetwork = 25;
inline constexpr std::size_t kUrlMapBytes = 64u << 10;
inline constexpr std::int64_t kRunWorkers = 8;  // PHP processes of a Cloud Run revision
inline constexpr std::uint64_t kRunRequestLogBytes = 64u << 20;  // of requests.jsonl, twice
inline constexpr std::uint64_t kRunErrorLogBytes = 16u << 20;    // of a revision's PHP
inline constexpr std::size_t kRunRequestsTaken = 10'000;         // at a time
inline constexpr std::size_t kComposeSources = 32;
inline constexpr unsigned kOverwrittenMost = 8;  // times that a reader looks again
inline constexpr std::size_t kObjectNameBytes = 1024;
inline constexpr std::size_t kMetadataBytes = 1u << 20;      // an upload's JSON part
inline constexpr std::chrono::hours kResumableTime{7 * 24};  // an unfinished upload is kept so long
inline constexpr std::chrono::hours kResumableSweep{24};     // and looked for so often

}  // namespace aipress::sandbox::limits
