// Fractional seconds in MariaDB's layout of before 5.6: rows that hold one cannot be told apart in
// the binary log, which names the type and leaves out the digits.
#include <algorithm>
#include <fmt/format.h>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

constexpr std::string_view kFormat = "mysql56_temporal_format";

bool has_fraction(mysql::Table const& table) {
    return std::any_of(table.columns.begin(), table.columns.end(), [](mysql::Column const& column) {
        return column.kind == mysql::ColumnKind::Temporal &&
               column.column_type.find('(') != std::string::npos;
    });
}

void check_source(Inspection& inspection, mysql::Table const& table) {
    auto const column = std::find_if(
        table.columns.begin(), table.columns.end(),
        [](mysql::Column const& candidate) { return candidate.has_unlogged_fraction(); });
    if (column == table.columns.end()) return;
    inspection.fault("source", "old-temporal-format", table.name,
                     fmt::format("column {} ({}) was made with {}=OFF: the binary log does not say "
                                 "how long its values are",
                                 column->name, column->column_type, kFormat),
                     fmt::format("SET GLOBAL {} = ON; ALTER TABLE {} FORCE;", kFormat,
                                 inspection.source.qualified(table.name)));
}

}  // namespace

Result<void> check_temporal_columns(Inspection& inspection) {
    if (!inspection.schema) return {};
    auto const& tables = inspection.schema->tables;
    for (auto const& table : tables) check_source(inspection, table);
    // The way back would read what the target makes of them.
    auto const& target = inspection.target;
    if (target.is_followed && target.is(kFormat, "OFF") &&
        std::any_of(tables.begin(), tables.end(), has_fraction)) {
        inspection.fault(
            "target", "old-temporal-format", std::string(kFormat),
            fmt::format("{} is OFF: fractional seconds would be stored in a layout that the binary "
                        "log does not describe",
                        kFormat),
            fmt::format("SET GLOBAL {} = ON;", kFormat));
    }
    return {};
}

}  // namespace aipress::mover
