#include "testing/rehearsal/census.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::rehearsal {

Result<Census> take_census(Context const& context, mysql::Connection& connection) {
    auto const tables = TRY(connection.query(
        context,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND "
        "table_type = 'BASE TABLE'"));
    Census census;
    for (auto const& row : tables.rows) {
        auto const name = mysql::quote_identifier(row[0].value());
        auto const count = TRY(connection.query(context, "SELECT COUNT(*) FROM " + name));
        auto const sum = TRY(connection.query(context, "CHECKSUM TABLE " + name + " EXTENDED"));
        census[row[0].value()] = {std::stoull(count.scalar().value_or("0")),
                                  sum.rows.at(0).at(1).value_or("NULL")};
    }
    return census;
}

CensusComparison compare(Census const& before, Census const& after,
                         std::map<std::string, Visited> const& visited) {
    CensusComparison result;
    auto const fault = [&](std::string const& table, std::uint64_t lost, std::string const& what) {
        result.lost_rows += lost;
        result.faults.push_back(table + ": " + what);
    };
    for (auto const& [table, expected] : before) {
        auto const found = after.find(table);
        if (found == after.end()) {
            fault(table, expected.rows, "missing");
            continue;
        }
        auto const rows = found->second.rows;
        auto const lost = expected.rows > rows ? expected.rows - rows : 0;
        auto const visits = visited.find(table);
        if (visits == visited.end()) {
            // Equal in number and yet not the same: at least one row is not what it was.
            if (rows != expected.rows || found->second.checksum != expected.checksum)
                fault(table, std::max<std::uint64_t>(lost, 1),
                      fmt::format("{} rows with checksum {}, {} with {} expected", rows,
                                  found->second.checksum, expected.rows, expected.checksum));
        } else if (visits->second == Visited::Grows && lost > 0) {
            fault(table, lost, fmt::format("{} rows fewer than before the move", lost));
        }
    }
    return result;
}

}  // namespace aipress::rehearsal
