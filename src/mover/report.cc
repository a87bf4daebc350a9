#include "mover/report.h"

#include <algorithm>

namespace aipress::mover {

std::string_view to_string(State state) {
    switch (state) {
        case State::Preflight:
            return "preflight";
        case State::Schema:
            return "schema";
        case State::Copying:
            return "copying";
        case State::CatchingUp:
            return "catching_up";
        case State::Verifying:
            return "verifying";
        case State::Standby:
            return "standby";
        case State::Fenced:
            return "fenced";
        case State::Switched:
            return "switched";
        case State::Reversing:
            return "reversing";
        case State::Finalized:
            return "finalized";
        case State::Aborted:
            return "aborted";
        case State::RolledBack:
            return "rolled_back";
    }
    return "unknown";
}

std::uint64_t count_late_tables(Report const& report) {
    return static_cast<std::uint64_t>(
        std::count_if(report.per_table.begin(), report.per_table.end(),
                      [](TableReport const& table) { return table.mode == "late"; }));
}

void add_up_tables(Report& report) {
    report.rows_estimate = 0;
    report.bytes_estimate = 0;
    report.rows_copied = 0;
    report.bytes_copied = 0;
    report.verified_rows = 0;
    for (auto const& table : report.per_table) {
        bool const is_late = table.mode == "late";
        report.rows_estimate += is_late ? table.rows_copied : table.rows_estimate;
        report.bytes_estimate += is_late ? table.bytes_copied : table.bytes_estimate;
        report.rows_copied += table.rows_copied;
        report.bytes_copied += table.bytes_copied;
        report.verified_rows += table.rows_verified;
    }
}

}  // namespace aipress::mover
