// Every bound of the metadata store's SQL, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::sql::limits {

// One attempt of a transaction that writes; Cloud Spanner gives up one that is idle for ten seconds
// by itself.
inline constexpr milliseconds kTransactionTime{60'000};
// The attempts of a transaction that others get in the way of, and the waits between them.
inline constexpr unsigned kAttemptsMost = 200;
inline constexpr milliseconds kBackoffFirst{2};
inline constexpr milliseconds kBackoffMost{500};
inline constexpr double kBackoffFactor = 2;

// Rows that one query may answer with: what is more is asked for in pages.
inline constexpr std::size_t kRowsMost = 2'000'000;
inline constexpr std::size_t kParametersMost = 900;       // of a statement; Cloud Spanner takes 950
inline constexpr std::size_t kTextBytesMost = 2'621'440;  // Cloud Spanner's for one value
// Statements of one batch that are sent together.
inline constexpr std::size_t kBatchMost = 500;

// Open connections, or sessions, of a Database; who finds none free waits.
inline constexpr std::size_t kConnectionsMost = 16;
inline constexpr std::size_t kPreparedMost = 256;  // statements that a connection keeps

// SQLite: writers that share one commit; how long another process's writer is waited for at a time.
inline constexpr unsigned kCommitShared = 64;
inline constexpr milliseconds kBusyPauseMost{10};

// PostgreSQL: until a server that does not answer is given up.
inline constexpr milliseconds kConnectTime{10'000};

// Cloud Spanner: a session that was idle for longer may be gone (its own limit is an hour).
inline constexpr milliseconds kSessionIdle{50 * 60'000};
inline constexpr milliseconds kSchemaTime{600'000};

}  // namespace aipress::sql::limits
