#include "mover/table_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "mover/schema_transfer.h"
#include "mover/table_layout.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

using mysql::find_unquoted;

constexpr auto kNowhere = std::string_view::npos;

Clause parse_clause(std::string_view line) {
    Clause clause;
    clause.text = line;
    clause.name = mysql::identifier_at(line, line.find('`'));
    if (line.starts_with("`")) {
        clause.kind = ClauseKind::Column;
    } else if (line.starts_with("PRIMARY KEY")) {
        clause.kind = ClauseKind::UniqueKey;
        clause.name = "PRIMARY";
    } else if (line.starts_with("UNIQUE KEY")) {
        clause.kind = ClauseKind::UniqueKey;
    } else if (line.starts_with("KEY ")) {
        clause.kind = ClauseKind::PlainKey;
    } else if (line.starts_with("FULLTEXT ") || line.starts_with("SPATIAL ") ||
               line.starts_with("VECTOR ")) {
        clause.kind = ClauseKind::SpecialKey;
    } else if (line.starts_with("CONSTRAINT ") &&
               find_unquoted(line, " FOREIGN KEY ") != kNowhere) {
        clause.kind = ClauseKind::ForeignKey;
    }
    return clause;
}

// Takes every " NAME=value" away; the value may be quoted.
void remove_option(std::string& options, std::string_view name) {
    auto const start = fmt::format(" {}=", name);
    for (auto at = find_unquoted(options, start); at != kNowhere;
         at = find_unquoted(options, start)) {
        auto const value = at + start.size();
        auto const end = std::min({find_unquoted(options, " ", value),
                                   find_unquoted(options, "\n", value), options.size()});
        options.erase(at, end - at);
    }
}

// In every engine: paths and tablespaces of the source's machine.
void remove_places(std::string& options) {
    for (std::string_view const place : {" DATA DIRECTORY", " INDEX DIRECTORY"}) {
        for (auto at = find_unquoted(options, place); at != kNowhere;
             at = find_unquoted(options, place)) {
            auto const open = options.find('\'', at);
            auto const close = open == kNowhere ? kNowhere : options.find('\'', open + 1);
            options.erase(at, close == kNowhere ? kNowhere : close + 1 - at);
        }
    }
    static constexpr std::string_view kTablespace = "/*!50100 TABLESPACE ";
    if (auto const at = find_unquoted(options, kTablespace); at != kNowhere) {
        auto const end = options.find("*/", at);
        options.erase(at, end == kNowhere ? kNowhere : end + 2 - at);
    }
}

// "ENGINE=Aria" of the table and "ENGINE = Aria" of its partitions.
void set_engine(std::string& options) {
    for (std::string_view const word : {"ENGINE=", "ENGINE = "}) {
        for (auto at = find_unquoted(options, word); at != kNowhere;
             at = find_unquoted(options, word, at + word.size())) {
            auto const name = at + word.size();
            auto const end = options.find_first_of(" ,)\n*", name);
            options.replace(name, (end == kNowhere ? options.size() : end) - name, "InnoDB");
        }
    }
}

// Options that another engine understands and InnoDB refuses or reads differently.
void remove_foreign_options(std::string& options) {
    for (std::string_view const option :
         {"ROW_FORMAT", "PAGE_CHECKSUM", "TRANSACTIONAL", "DELAY_KEY_WRITE", "CHECKSUM",
          "TABLE_CHECKSUM", "PACK_KEYS", "KEY_BLOCK_SIZE", "INSERT_METHOD", "UNION", "CONNECTION",
          "MAX_ROWS", "MIN_ROWS", "AVG_ROW_LENGTH"}) {
        remove_option(options, option);
    }
}

// A server fills in its own default collation of a character set, and servers differ: MySQL 8 reads
// utf8mb4 as utf8mb4_0900_ai_ci, MySQL 5.7 as utf8mb4_general_ci. So it is always said.
void say_table_collation(std::string& options, std::string const& collation) {
    static constexpr std::string_view kCharset = " DEFAULT CHARSET=";
    auto const at = find_unquoted(options, kCharset);
    if (collation.empty() || at == kNowhere || find_unquoted(options, " COLLATE=") != kNowhere) {
        return;
    }
    auto const end = options.find_first_of(" \n", at + kCharset.size());
    options.insert(end == kNowhere ? options.size() : end, fmt::format(" COLLATE={}", collation));
}

void say_column_collation(Clause& clause, mysql::Table const& table) {
    static constexpr std::string_view kCharset = " CHARACTER SET ";
    auto const* column = table.find_column(clause.name);
    if (column == nullptr || column->collation.empty()) return;
    auto const at = find_unquoted(clause.text, kCharset);
    if (at == kNowhere || find_unquoted(clause.text, " COLLATE ") != kNowhere) return;
    auto const end = clause.text.find(' ', at + kCharset.size());
    clause.text.insert(end == kNowhere ? clause.text.size() : end,
                       fmt::format(" COLLATE {}", column->collation));
}

mysql::Column const* counter_column(mysql::Table const& table) {
    auto const found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [](auto const& column) { return column.is_auto_increment; });
    return found == table.columns.end() ? nullptr : &*found;
}

// The plain index that serves the counter column; empty when a unique one does.
std::string plain_counter_index(mysql::Table const& table) {
    auto const* counter = counter_column(table);
    std::string plain;
    if (counter == nullptr) return plain;
    for (auto const& index : table.indexes) {
        if (index.columns.empty() || index.columns.front() != counter->name) continue;
        if (index.is_unique) return {};
        if (plain.empty()) plain = index.name;
    }
    return plain;
}

// Plain indexes that the table has from the start: those without which it, or a child's foreign
// key, cannot be made, and those that would cost more later.
std::set<std::string> early_indexes(mysql::Table const& table) {
    std::set<std::string> early = {plain_counter_index(table)};
    // Reading all of a table of wide rows again costs more than keeping its small indexes up.
    bool const all = has_wide_rows(table);
    for (auto const& index : table.indexes) {
        if (all || index.is_referenced) early.insert(index.name);
    }
    return early;
}

// Can it wait until the rows are there?
bool can_wait(Clause const& clause, std::set<std::string> const& early) {
    switch (clause.kind) {
        case ClauseKind::PlainKey:
            return !early.contains(clause.name);
        case ClauseKind::SpecialKey:
        case ClauseKind::ForeignKey:
            return true;
        case ClauseKind::Column:
        case ClauseKind::UniqueKey:
        case ClauseKind::Other:
            return false;
    }
    return false;
}

}  // namespace

TableText parse_table_text(std::string_view create_sql) {
    TableText text;
    auto const body = create_sql.find('\n');
    auto const tail = find_unquoted(create_sql, "\n)", body);
    if (body == kNowhere || tail == kNowhere) {
        text.head = create_sql;
        return text;
    }
    text.head = create_sql.substr(0, body);
    text.tail = create_sql.substr(tail + 1);
    auto const lines = create_sql.substr(0, tail);
    for (auto at = body; at != kNowhere && at < tail;) {
        auto const next = find_unquoted(lines, ",\n  ", at + 1);
        auto const start = lines.find_first_not_of("\n ", at);
        text.clauses.push_back(
            parse_clause(lines.substr(start, next == kNowhere ? kNowhere : next - start)));
        at = next == kNowhere ? kNowhere : next + 1;
    }
    return text;
}

bool needs_counter_index(mysql::Table const& table) {
    auto const* counter = counter_column(table);
    return counter != nullptr &&
           std::none_of(table.indexes.begin(), table.indexes.end(), [&](auto const& index) {
               return !index.columns.empty() && index.columns.front() == counter->name;
           });
}

SplitClauses split_clauses(mysql::Table const& table, TableText const& text) {
    SplitClauses split;
    bool const is_innodb = table.engine == "InnoDB";
    auto const early = early_indexes(table);
    for (auto clause : text.clauses) {
        if (clause.kind == ClauseKind::Column) say_column_collation(clause, table);
        bool const is_index =
            clause.kind == ClauseKind::UniqueKey || clause.kind == ClauseKind::PlainKey;
        if (is_index && !is_innodb) remove_option(clause.text, "KEY_BLOCK_SIZE");
        auto& side = can_wait(clause, early) ? split.deferred : split.bare;
        side.push_back(std::move(clause));
    }
    if (needs_counter_index(table)) {
        auto const column = mysql::quote_identifier(counter_column(table)->name);
        split.bare.push_back({ClauseKind::PlainKey, std::string(kCounterIndex),
                              fmt::format("KEY `{}` ({})", kCounterIndex, column)});
    }
    return split;
}

std::string bare_create_table(mysql::Table const& table) {
    auto text = parse_table_text(table.create_sql);
    auto const split = split_clauses(table, text);
    remove_places(text.tail);
    if (table.engine != "InnoDB") {
        remove_foreign_options(text.tail);
        set_engine(text.tail);
    }
    say_table_collation(text.tail, table.collation);
    std::string sql = text.head;
    std::string_view separator = "\n  ";
    for (auto const& clause : split.bare) {
        sql.append(separator).append(clause.text);
        separator = ",\n  ";
    }
    return sql.append("\n").append(text.tail);
}

std::vector<std::string> deferred_clauses(mysql::Table const& table) {
    std::vector<std::string> clauses;
    for (auto const& clause : split_clauses(table, parse_table_text(table.create_sql)).deferred) {
        clauses.push_back("ADD " + clause.text);
    }
    return clauses;
}

}  // namespace aipress::mover
