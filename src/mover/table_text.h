// CREATE TABLE as the server prints it, taken apart by lines. Internal to mover/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mysql/schema.h"

namespace aipress::mover {

enum class ClauseKind {
    Column,
    UniqueKey,   // PRIMARY KEY and UNIQUE KEY
    PlainKey,    // KEY
    SpecialKey,  // FULLTEXT, SPATIAL, VECTOR
    ForeignKey,
    Other,  // CHECK, PERIOD …
};

struct Clause {
    ClauseKind kind = ClauseKind::Other;
    std::string name;  // of a column, index or constraint
    std::string text;  // without the comma behind it
};

struct TableText {
    std::string head;  // "CREATE TABLE `t` ("
    std::vector<Clause> clauses;
    std::string tail;  // ") ENGINE=InnoDB … PARTITION BY …"
};

[[nodiscard]] TableText parse_table_text(std::string_view create_sql);

// The clauses that an InnoDB table has from the start, and those that may wait until its rows are
// there. An AUTO_INCREMENT column keeps (or gets: MyISAM can do without) an index that starts with
// it.
struct SplitClauses {
    std::vector<Clause> bare;
    std::vector<Clause> deferred;
};
[[nodiscard]] SplitClauses split_clauses(mysql::Table const& table, TableText const& text);

// The index that an AUTO_INCREMENT column gets when no index of the source starts with it.
inline constexpr std::string_view kCounterIndex = "aipress_counter";

// Does InnoDB need an index that the source's table has not?
[[nodiscard]] bool needs_counter_index(mysql::Table const& table);

}  // namespace aipress::mover
