// Which tables move live, which are copied again in the fence, and which cannot be moved.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mover/preflight/inspection.h"
#include "mover/table_text.h"

namespace aipress::mover {
namespace {

// Engines whose tables become InnoDB tables with the same rows. Others keep their rows elsewhere,
// nowhere, or in a way that one snapshot does not hold still.
constexpr std::array<std::string_view, 2> kConvertible = {"MyISAM", "Aria"};

// A row of a packet beside its values: headers, lengths, the statement around it.
constexpr std::uint64_t kPacketOverhead = 64u << 10;

void check_engine(Inspection& inspection, mysql::Table const& table) {
    if (table.engine == "InnoDB") return;
    bool const converts =
        std::find(kConvertible.begin(), kConvertible.end(), table.engine) != kConvertible.end();
    auto const alter =
        fmt::format("ALTER TABLE {} ENGINE=InnoDB;", inspection.source.qualified(table.name));
    if (!converts) {
        inspection.fault("source", "engine-unsupported", table.name,
                         fmt::format("engine {} cannot be moved", table.engine),
                         alter + " or drop the table");
        return;
    }
    inspection.degraded("source", "engine-changes", table.name,
                        fmt::format("{} becomes InnoDB on the target", table.engine), alter);
    if (needs_counter_index(table)) {
        inspection.degraded("source", "counter-index", table.name,
                            fmt::format("its AUTO_INCREMENT column is not first in any index, "
                                        "which InnoDB wants: it gets an index {}, and numbers are "
                                        "counted for the whole table",
                                        kCounterIndex));
    }
}

// "copied again in the fence" or refused, by size.
void copied_late(Inspection& inspection, mysql::Table const& table, std::string code,
                 std::string const& why, std::string fix) {
    auto const limit = inspection.options->late_copy_limit_bytes;
    auto const size = in_megabytes(table.data_bytes);
    if (table.data_bytes <= limit) {
        inspection.degraded("source", std::move(code), table.name,
                            fmt::format("{}: it is copied again in the fence ({})", why, size),
                            std::move(fix));
    } else {
        inspection.fault("source", std::move(code), table.name,
                         fmt::format("{}, and at {} it is too large to be copied in the fence "
                                     "(limit {})",
                                     why, size, in_megabytes(limit)),
                         std::move(fix));
    }
}

void check_key(Inspection& inspection, mysql::Table const& table) {
    if (table.has_key()) return;
    auto const qualified = inspection.source.qualified(table.name);
    auto const primary =
        std::find_if(table.indexes.begin(), table.indexes.end(),
                     [](mysql::Index const& index) { return index.name == "PRIMARY"; });
    if (primary != table.indexes.end()) {
        copied_late(inspection, table, "key-unsupported",
                    fmt::format("its primary key ({}) has a column of a type that cannot name a "
                                "row exactly",
                                fmt::join(primary->columns, ", ")),
                    "give it a key of integers, dates, text or bytes");
        return;
    }
    bool const has_counter =
        std::any_of(table.columns.begin(), table.columns.end(),
                    [](mysql::Column const& column) { return column.is_auto_increment; });
    copied_late(inspection, table, "no-primary-key",
                "it has no primary key, nor a unique one without NULLs, to name a row by",
                has_counter ? fmt::format("ALTER TABLE {} ADD PRIMARY KEY (<the counter column>);",
                                          qualified)
                            : fmt::format("ALTER TABLE {} ADD COLUMN id BIGINT UNSIGNED NOT NULL "
                                          "AUTO_INCREMENT PRIMARY KEY;",
                                          qualified));
}

// One scan of a table that could hold a value beyond the limit; 0 when none could.
Result<std::uint64_t> largest_row_bytes(Inspection& inspection, mysql::Table const& table,
                                        std::uint64_t limit) {
    std::vector<std::string> lengths;
    for (auto const& column : table.columns) {
        if (column.octet_length > limit / 4 || column.kind == mysql::ColumnKind::Json ||
            column.kind == mysql::ColumnKind::Geometry) {
            lengths.push_back(
                fmt::format("COALESCE(OCTET_LENGTH({}), 0)", mysql::quote_identifier(column.name)));
        }
    }
    if (lengths.empty() || table.data_bytes <= limit / 2) return 0u;
    auto const rows = TRY(inspection.source.connection->query(
        inspection.context, fmt::format("SELECT MAX({}) FROM {}", fmt::join(lengths, " + "),
                                        inspection.source.qualified(table.name))));
    return std::strtoull(rows.scalar().value_or("0").c_str(), nullptr, 10);
}

void check_row_fits(Inspection& inspection, mysql::Table const& table, std::uint64_t row_bytes) {
    for (auto const* facts : {&inspection.source, &inspection.target}) {
        auto const limit = facts->number("max_allowed_packet", 0);
        // Written, a byte may need two: \0 for a zero.
        auto const needed = row_bytes * (facts->is_written ? 2 : 1) + kPacketOverhead;
        if (needed <= limit) continue;
        inspection.fault(
            facts->side_name(), "value-too-large", table.name,
            fmt::format("its largest row has {} of long values; max_allowed_packet "
                        "is {}, and {} are needed",
                        in_megabytes(row_bytes), in_megabytes(limit), in_megabytes(needed)),
            fmt::format("SET GLOBAL max_allowed_packet = {};",
                        (needed + (1u << 20)) / 1024 * 1024));
    }
}

}  // namespace

Result<void> check_tables(Inspection& inspection) {
    if (!inspection.schema) return {};
    for (auto const& name : inspection.schema->unsupported) {
        inspection.fault("source", "unsupported-object", name,
                         "objects of this kind cannot be moved",
                         "move it by hand and drop it on the source, or make a plain table of it");
    }
    for (auto const& table : inspection.schema->tables) {
        check_engine(inspection, table);
        check_key(inspection, table);
    }
    return {};
}

Result<void> check_foreign_keys(Inspection& inspection) {
    if (!inspection.schema) return {};
    auto const& database = inspection.schema->name;
    for (auto const& table : inspection.schema->tables) {
        for (auto const& key : table.foreign_keys) {
            auto const drop = fmt::format("ALTER TABLE {} DROP FOREIGN KEY {};",
                                          inspection.source.qualified(table.name),
                                          mysql::quote_identifier(key.name));
            if (key.referenced_schema != database) {
                inspection.fault("source", "foreign-key-outside",
                                 fmt::format("{}.{}", table.name, key.name),
                                 fmt::format("refers to {}.{}, which stays behind",
                                             key.referenced_schema, key.referenced_table),
                                 drop);
            } else if (key.cascades() && table.has_key()) {
                copied_late(inspection, table, "cascading-foreign-key",
                            fmt::format("{} lets the server change its rows unseen by the binary "
                                        "log (ON DELETE {}, ON UPDATE {})",
                                        key.name, key.on_delete, key.on_update),
                            drop + " and add it with ON DELETE RESTRICT");
            }
        }
    }
    auto const outside = TRY(inspection.source.connection->query(
        inspection.context,
        fmt::format("SELECT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME) AS child, CONSTRAINT_NAME "
                    "AS name, REFERENCED_TABLE_NAME AS parent FROM "
                    "information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = "
                    "{0} AND CONSTRAINT_SCHEMA <> {0}",
                    mysql::quote_text(database))));
    for (std::size_t row = 0; row < outside.rows.size(); ++row) {
        inspection.fault("source", "referenced-from-outside", outside.text(row, "parent"),
                         fmt::format("{} of {} refers to it from another database",
                                     outside.text(row, "name"), outside.text(row, "child")),
                         fmt::format("drop the foreign key {}", outside.text(row, "name")));
    }
    return {};
}

Result<void> check_large_values(Inspection& inspection) {
    if (!inspection.schema) return {};
    auto const limit = std::min(inspection.source.number("max_allowed_packet", 0),
                                inspection.target.number("max_allowed_packet", 0));
    for (auto const& table : inspection.schema->tables) {
        auto const largest = TRY(largest_row_bytes(inspection, table, limit));
        if (largest > 0) check_row_fits(inspection, table, largest);
    }
    return {};
}

}  // namespace aipress::mover
