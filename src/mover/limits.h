// Every bound of the mover, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::mover::limits {

// Copy: rows a chunk, so that one target transaction carries about so many bytes.
inline constexpr std::uint64_t kChunkBytes = 16ull << 20;
inline constexpr std::uint64_t kChunkRowsLeast = 50;
inline constexpr std::uint64_t kChunkRowsMost = 200'000;
// Tables above this are cut into segments that workers copy side by side.
inline constexpr std::uint64_t kSegmentBytes = 48ull << 20;
inline constexpr std::uint64_t kSegmentsMost = 64;
// Rows of which an InnoDB page of 16 KB holds only a few, and which still lie inside their page.
inline constexpr std::uint64_t kWideRowBytes = 1u << 10;
inline constexpr std::uint64_t kOutlyingRowBytes = 16u << 10;
inline constexpr unsigned kWorkersMost = 32;

// Verification: rows a range, small enough that a differing range can be listed row by row.
inline constexpr std::uint64_t kVerifyRangeBytes = 8ull << 20;
inline constexpr std::uint64_t kVerifyRangeRowsLeast = 500;
inline constexpr std::uint64_t kVerifyRangeRowsMost = 50'000;
inline constexpr std::size_t kReportedDifferences = 100;

// Catch-up: keys a statement (range optimizers and MariaDB's IN conversion turn slow near 1,000),
// keys a transaction, keys a round (the rest waits for the next one).
inline constexpr std::size_t kStatementKeys = 500;
inline constexpr std::size_t kTransactionKeys = 4'000;
inline constexpr std::size_t kVerifyKeysPerRound = 20'000;
// Rounds in a row that a table may be put back for a duplicate key before that counts as a
// difference.
inline constexpr unsigned kRefusedRoundsMost = 50;

// Key sets: memory before they go to disk, both together well below the 200 MB promised.
inline constexpr std::size_t kKeySetBytes = 24u << 20;

// One call of the bulk protocol: what fits into a processor's cache is fastest. Longer rows go
// alone.
inline constexpr std::size_t kBulkBytes = 256u << 10;
inline constexpr std::size_t kBulkRows = 10'000;

// INSERT statements of the fallback path; one row may be longer.
inline constexpr std::size_t kInsertBytes = 1u << 20;

// The lag and the backlog below which a switch under `when-ready` begins.
inline constexpr milliseconds kSwitchLag{1'000};
inline constexpr std::size_t kSwitchKeys = 2'000;

// Waits.
inline constexpr milliseconds kStatementTimeout{3'600'000};  // an ALTER of a large table
inline constexpr milliseconds kBarrierTimeout{30'000};  // heartbeat written → seen in the stream
inline constexpr milliseconds kSnapshotLockTimeout{2'000};
inline constexpr unsigned kSnapshotLockAttempts = 5;
inline constexpr milliseconds kRoundPause{100};  // between rounds with nothing to do
inline constexpr milliseconds kThrottleCheck{500};
inline constexpr milliseconds kBackoffFirst{100};
inline constexpr milliseconds kBackoffMost{3'000};

}  // namespace aipress::mover::limits
