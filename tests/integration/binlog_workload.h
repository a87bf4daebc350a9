// Random tables of every column type, and random statements on them. One seed, one workload.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace aipress::testing {

using Random = std::mt19937_64;

// How a column's value in the log compares with what SELECT gives.
enum class Comparison {
    Signed,
    Unsigned,
    Number,  // BIT, ENUM and SET: selected as a number
    Real,    // FLOAT and DOUBLE: selected as DOUBLE
    Text,    // the same text
    Bytes,   // the same bytes; BINARY padded by `pad_to`
    None,    // stored in another form than shown
};

struct WorkloadColumn {
    std::string name;
    std::string definition;
    Comparison comparison = Comparison::Text;
    std::size_t pad_to = 0;
    std::function<std::string(Random&)> literal;  // an SQL expression

    // The expression to select it by.
    [[nodiscard]] std::string selected() const;
};

struct WorkloadTable {
    std::string name;
    std::vector<WorkloadColumn> columns;  // the first is the key, `id`

    [[nodiscard]] std::string create_sql() const;
    // INSERT, UPDATE or DELETE of some rows.
    [[nodiscard]] std::string random_statement(Random& random) const;
    [[nodiscard]] std::string select_sql() const;
};

enum class Dialect { MariaDb, MySql56 };

[[nodiscard]] std::vector<WorkloadTable> workload_tables(Dialect dialect);

}  // namespace aipress::testing
