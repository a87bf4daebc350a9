#include "mover/snapshot.h"

#include "base/log.h"
#include "mover/gate.h"
#include "mover/limits.h"
#include "mysql/binlog/stream.h"

namespace aipress::mover {
namespace {

Result<void> open_all(Context const& context, std::vector<mysql::Connection>& readers) {
    for (auto& reader : readers) TRY(open_snapshot(context, reader));
    return {};
}

Result<SnapshotStart> under_lock(Context const& context, mysql::Connection& locker,
                                 metadata::Heartbeat& heartbeat,
                                 std::vector<mysql::Connection>& readers,
                                 std::vector<std::string> const& tables) {
    auto const begin = context.clock().now();
    TRY(lock_tables_read(context.within(limits::kSnapshotLockTimeout), locker, tables));
    SnapshotStart start;
    auto position = mysql::binlog::current_position(context, locker);
    // MySQL before 5.7 grants this lock beside a transaction that is about to commit: the
    // heartbeat's commit comes behind it.
    auto barrier = heartbeat.beat(context);
    auto opened = position.ok() && barrier.ok() ? open_all(context, readers) : Result<void>();
    TRY(unlock_tables(context, locker));
    start.locked = elapsed_ms(begin, context.clock().now());
    TRY(std::move(barrier));
    TRY(std::move(opened));
    start.position = TRY(std::move(position));
    return start;
}

}  // namespace

Result<void> open_snapshot(Context const& context, mysql::Connection& reader) {
    TRY(reader.execute(context, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
    TRY(reader.execute(context, "START TRANSACTION WITH CONSISTENT SNAPSHOT"));
    return {};
}

Result<SnapshotStart> open_snapshots(Context const& context, mysql::Connection& locker,
                                     metadata::Heartbeat& heartbeat,
                                     std::vector<mysql::Connection>& readers,
                                     std::vector<std::string> const& tables) {
    auto pause = limits::kBackoffFirst;
    for (unsigned attempt = 0; attempt < limits::kSnapshotLockAttempts; ++attempt) {
        auto start = under_lock(context, locker, heartbeat, readers, tables);
        if (start.ok() || start.error().code() != ErrorCode::DeadlineExceeded) return start;
        if (!context.sleep(pause)) return start;
        pause *= 2;
    }
    log::info(
        "the tables could not be locked for a moment: long transactions are open; "
        "beginning behind a barrier instead");
    SnapshotStart start;
    start.method = SnapshotMethod::Barrier;
    start.position = TRY(mysql::binlog::current_position(context, locker));
    // Once this is committed, so is all that the log holds before the position.
    TRY(heartbeat.beat(context));
    TRY(open_all(context, readers));
    return start;
}

}  // namespace aipress::mover
