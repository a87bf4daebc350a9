// Where a copy begins: a position of the source's log, and snapshots that hold all before it.
//
// "Read the position, then SELECT" loses rows: the log shows a transaction before its commit is
// visible (18–70 % of attempts under load, measured). Either the tables are locked for some
// milliseconds while both are taken, or a heartbeat committed after the position proves that all
// before it is visible.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/metadata.h"
#include "mysql/binlog/position.h"
#include "mysql/connection.h"

namespace aipress::mover {

enum class SnapshotMethod {
    Lock,     // LOCK TABLES … READ: all snapshots show the same state, that of the position
    Barrier,  // the position, a heartbeat, then the snapshots: each may be later than the position
};

struct SnapshotStart {
    mysql::binlog::Position position;
    SnapshotMethod method = SnapshotMethod::Lock;
    milliseconds locked{0};
};

// Opens a consistent snapshot (START TRANSACTION WITH CONSISTENT SNAPSHOT) on every reader. The
// lock is tried limits::kSnapshotLockAttempts times, with pauses, before the barrier serves.
Result<SnapshotStart> open_snapshots(Context const& context, mysql::Connection& locker,
                                     metadata::Heartbeat& heartbeat,
                                     std::vector<mysql::Connection>& readers,
                                     std::vector<std::string> const& tables);

// A snapshot of now, for a copy that carries on: its start's stream covers what changed since.
Result<void> open_snapshot(Context const& context, mysql::Connection& reader);

}  // namespace aipress::mover
