#include "random_statements.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::functional {

namespace {

// An expression whose value is the column's value as a literal.
std::string literal_of(Column const& column) {
    std::string const name = quoted_name(column.name);
    switch (column.kind) {
        case ColumnKind::Text:
            return fmt::format("CONCAT('_{} x''', HEX({}), '''')", column.character_set, name);
        case ColumnKind::Binary:
            return fmt::format("CONCAT('x''', HEX({}), '''')", name);
        case ColumnKind::Integer:
        case ColumnKind::Decimal:
            return fmt::format("CAST({} AS CHAR)", name);
        default:
            return fmt::format("QUOTE({})", name);
    }
}

bool contains(std::vector<std::size_t> const& indexes, std::size_t wanted) {
    return std::find(indexes.begin(), indexes.end(), wanted) != indexes.end();
}

constexpr std::string_view kLedger = "ledger";
constexpr std::string_view kBig = "wp_big";

}  // namespace

Table const& StatementMaker::pick_table() {
    while (true) {
        Table const& table = random_.pick(schema_.tables);
        if (table.name == kLedger) continue;
        // Its rows are a thousand times the others'.
        if (table.name == kBig && !random_.chance(4)) continue;
        return table;
    }
}

Result<std::vector<StatementMaker::PickedRow>> StatementMaker::pick_rows(Context const& context,
                                                                         Table const& table,
                                                                         std::size_t count) {
    std::string expressions;
    for (std::size_t const i : table.primary_key)
        expressions += literal_of(table.columns[i]) + ", ";
    for (auto const& key : table.unique_keys)
        expressions += literal_of(table.columns[key.front()]) + ", ";
    expressions.resize(expressions.size() - 2);
    auto const result =
        TRY(connection_.query(context, fmt::format("SELECT {} FROM {} ORDER BY RAND() LIMIT {}",
                                                   expressions, quoted_name(table.name), count)));
    std::vector<PickedRow> rows;
    for (auto const& values : result.rows) {
        PickedRow row;
        std::size_t const parts = table.primary_key.size();
        for (std::size_t i = 0; i < parts; ++i)
            row.where += fmt::format("{}{} = {}", i == 0 ? "" : " AND ",
                                     quoted_name(table.columns[table.primary_key[i]].name),
                                     values[i].value_or("NULL"));
        for (std::size_t i = parts; i < values.size(); ++i)
            row.unique_values.push_back(values[i].value_or("NULL"));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string StatementMaker::random_assignments(Table const& table, std::string_view prefix) {
    std::vector<std::size_t> changeable;
    for (std::size_t const i : table.writable_columns())
        if (!contains(table.primary_key, i) && !table.columns[i].is_auto_increment)
            changeable.push_back(i);
    // A table of keys alone.
    if (changeable.empty()) changeable = {table.primary_key.front()};
    std::string assignments;
    auto const count =
        random_.between(1, std::min<std::int64_t>(3, static_cast<std::int64_t>(changeable.size())));
    for (std::int64_t n = 0; n < count; ++n) {
        Column const& column = table.columns[random_.pick(changeable)];
        bool const is_big = column.size >= (std::size_t{1} << 20);
        assignments += fmt::format(
            "{}{}{} = {}", n == 0 ? "" : ", ", prefix, quoted_name(column.name),
            is_big ? big_value(random_, column.size) : random_value(random_, column, strictness_));
    }
    return assignments;
}

std::string StatementMaker::insert(Table const& table, std::string_view verb) {
    auto const rows = table.name == kBig ? 1 : random_.between(1, 4);
    std::string sql =
        fmt::format("{} INTO {} ({}) VALUES ", verb, quoted_name(table.name), table.column_list());
    for (std::int64_t i = 0; i < rows; ++i)
        sql += (i == 0 ? "" : ", ") + random_row(random_, table, strictness_);
    return sql;
}

std::vector<std::string> StatementMaker::without_key(Table const& table) {
    std::string const name = quoted_name(table.name);
    switch (random_.below(5)) {
        case 0:
            return {fmt::format("DELETE FROM {} LIMIT {}", name, random_.between(1, 2))};
        case 1:
            return {fmt::format("UPDATE {} SET {} LIMIT {}", name, random_assignments(table, ""),
                                random_.between(1, 3))};
        case 2:
            return copy_rows(table);
        default:
            return {insert(table, "INSERT")};
    }
}

std::vector<std::string> StatementMaker::swap_unique_values(Table const& table,
                                                            PickedRow const& first,
                                                            PickedRow const& second) {
    std::size_t const at = random_.below(table.unique_keys.size());
    Column const& column = table.columns[table.unique_keys[at].front()];
    auto const set = [&](PickedRow const& row, std::string const& value) {
        return fmt::format("UPDATE {} SET {} = {} WHERE {}", quoted_name(table.name),
                           quoted_name(column.name), value, row.where);
    };
    std::string const meanwhile =
        column.is_nullable ? "NULL" : random_value(random_, column, strictness_);
    return {set(first, meanwhile), set(second, first.unique_values[at]),
            set(first, second.unique_values[at])};
}

std::vector<std::string> StatementMaker::change_key(Table const& table, PickedRow const& row) {
    Column const& column = table.columns[random_.pick(table.primary_key)];
    std::string value = random_value(random_, column, strictness_);
    // Another spelling of the same key.
    if (column.ignores_case && random_.chance(70))
        value =
            fmt::format("{}({})", random_.chance(50) ? "UPPER" : "LOWER", quoted_name(column.name));
    return {fmt::format("UPDATE {} SET {} = {} WHERE {}", quoted_name(table.name),
                        quoted_name(column.name), value, row.where)};
}

std::vector<std::string> StatementMaker::change_several(Table const& table,
                                                        std::vector<PickedRow> const& rows) {
    std::string where;
    for (auto const& row : rows) where += (where.empty() ? "(" : ") OR (") + row.where;
    return {fmt::format("UPDATE {} SET {} WHERE {})", quoted_name(table.name),
                        random_assignments(table, ""), where)};
}

Result<std::vector<std::string>> StatementMaker::change_two_tables(Context const& context,
                                                                   Table const& table,
                                                                   PickedRow const& row) {
    Table const& other = pick_table();
    // Sub-selects and triggers may not use what the statement updates.
    auto const is_used = [](Table const& one) {
        return one.name == "parent" || one.name == "child" || one.name == "trigger_log";
    };
    if (other.name == table.name || other.primary_key.empty() || is_used(table) || is_used(other))
        return std::vector<std::string>{insert(table, "INSERT")};
    auto const others = TRY(pick_rows(context, other, 1));
    if (others.empty()) return std::vector<std::string>{};
    auto const qualified = [](std::string const& alias, std::string const& where) {
        // The condition's column names all start its parts.
        std::string result = alias + "." + where;
        for (std::size_t at = result.find(" AND `"); at != std::string::npos;
             at = result.find(" AND `", at + 1))
            result.insert(at + 5, alias + ".");
        return result;
    };
    return std::vector<std::string>{fmt::format(
        "UPDATE {} a, {} b SET {}, {} WHERE {} AND {}", quoted_name(table.name),
        quoted_name(other.name), random_assignments(table, "a."), random_assignments(other, "b."),
        qualified("a", row.where), qualified("b", others.front().where))};
}

// INSERT … SELECT of some rows; the key is left to the server, so there must be no other.
std::vector<std::string> StatementMaker::copy_rows(Table const& table) {
    std::string columns;
    for (std::size_t const i : table.writable_columns()) {
        if (contains(table.primary_key, i)) continue;
        columns += (columns.empty() ? "" : ",") + quoted_name(table.columns[i].name);
    }
    return {fmt::format("INSERT INTO {0} ({1}) SELECT {1} FROM {0} LIMIT {2}",
                        quoted_name(table.name), columns, random_.between(1, 5))};
}

Result<std::vector<std::string>> StatementMaker::next(Context const& context) {
    Table const& table = pick_table();
    if (table.primary_key.empty()) return without_key(table);
    if (random_.chance(25)) return std::vector<std::string>{insert(table, "INSERT")};

    auto const rows =
        TRY(pick_rows(context, table, static_cast<std::size_t>(random_.between(2, 5))));
    if (rows.size() < 2) return std::vector<std::string>{insert(table, "INSERT")};
    std::string const name = quoted_name(table.name);
    PickedRow const& row = rows.front();
    switch (random_.below(11)) {
        case 0:
        case 1:
            return std::vector<std::string>{
                fmt::format("DELETE FROM {} WHERE {}", name, row.where)};
        case 2:
            return change_several(table, rows);
        case 3:
        case 4:
            return change_key(table, row);
        case 5:
            if (!table.unique_keys.empty()) return swap_unique_values(table, row, rows[1]);
            return change_several(table, rows);
        case 6:
            return std::vector<std::string>{insert(table, "REPLACE")};
        case 7:
            // Finds the row of a key that was there a moment ago, and makes it again.
            return std::vector<std::string>{fmt::format("DELETE FROM {} WHERE {}", name, row.where),
                                            insert(table, "INSERT"),
                                            insert(table, "INSERT") + " ON DUPLICATE KEY UPDATE " +
                                                random_assignments(table, "")};
        case 8:
            if (table.columns[table.primary_key.front()].is_auto_increment) return copy_rows(table);
            return change_key(table, row);
        case 9:
            return change_two_tables(context, table, row);
        default:
            return std::vector<std::string>{fmt::format("UPDATE {} SET {} WHERE {}", name,
                                                        random_assignments(table, ""), row.where)};
    }
}

}  // namespace aipress::functional
