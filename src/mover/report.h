// What a move has done so far: for the progress display, `status`, and the object that
// `--format json` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::mover {

// preflight → schema → copying → catching_up → verifying → standby → fenced → switched → reversing
//                                                                                   → finalized
// `aborted` from every state before `switched`, `rolled_back` from every state after it.
enum class State {
    Preflight,
    Schema,
    Copying,
    CatchingUp,
    Verifying,
    Standby,
    Fenced,
    Switched,
    Reversing,
    Finalized,
    Aborted,
    RolledBack,
};
[[nodiscard]] std::string_view to_string(State state);

struct TableReport {
    std::string table;
    std::uint64_t rows_copied = 0;
    std::uint64_t bytes_copied = 0;
    std::uint64_t rows_estimate = 0;  // of the server; once the table is copied: what there was
    std::uint64_t bytes_estimate = 0;
    std::uint64_t rows_changed = 0;  // keys carried over by catch-up
    std::uint64_t rows_verified = 0;
    std::string mode;  // "live" or "late" (copied under the fence)
};

struct Refusal {
    std::string code;
    std::string object;
    std::string message;
    std::string fix;
};

struct Report {
    std::string move_id;
    std::string source;  // Endpoint::display()
    std::string target;
    State state = State::Preflight;
    std::string owner = "source";  // who serves: "source" or "target"
    bool paused = false;
    std::string throttled_by;  // why the copy rests; empty when it does not
    std::uint64_t tables = 0;
    std::uint64_t tables_copied = 0;
    std::uint64_t rows_estimate = 0;  // of the live tables, and of the late ones that are copied
    std::uint64_t bytes_estimate = 0;
    std::uint64_t rows_copied = 0;
    std::uint64_t bytes_copied = 0;
    std::uint64_t rows_changed = 0;
    std::uint64_t rounds = 0;
    std::uint64_t dirty_keys = 0;       // waiting now
    std::uint64_t unverified_keys = 0;  // carried over, not compared yet
    std::int64_t fence_ms = -1;         // of the last fence; -1: none yet
    std::int64_t rollback_fence_ms = -1;
    std::uint64_t verified_rows = 0;
    std::uint64_t differences = 0;
    std::int64_t copy_ms = 0;
    std::int64_t catchup_ms = 0;
    std::int64_t verify_ms = 0;
    std::int64_t lag_ms = -1;  // age of the newest heartbeat seen; -1: not following
    bool reverse_broken = false;
    std::string reverse_error;
    std::uint64_t writes_at_risk =
        0;  // changes on the target that a rollback would lose; 0 while the reverse stream is whole
    std::vector<Refusal> refused;
    std::vector<TableReport> per_table;
    std::string error;  // why it stopped; empty when all is well
};

// Tables that wait for the fence to be copied: no part of the copy's progress.
[[nodiscard]] std::uint64_t count_late_tables(Report const& report);
// Rows and bytes, estimated, copied and verified, from those of the tables.
void add_up_tables(Report& report);

}  // namespace aipress::mover
