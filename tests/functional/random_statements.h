// The statements of a random writer.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "mysql/connection.h"
#include "random_schema.h"
#include "random_values.h"

namespace aipress::functional {

// Not thread safe. Reads keys on its connection and makes statements of them; runs none that
// writes.
class StatementMaker {
public:
    // All outlive the maker.
    StatementMaker(mysql::Connection& connection, Schema const& schema, Random& random,
                   Strictness strictness)
        : connection_(connection), schema_(schema), random_(random), strictness_(strictness) {}

    // One to three statements that belong together, of a random kind on a random table. Empty when
    // the table had no row to work on.
    [[nodiscard]] Result<std::vector<std::string>> next(Context const& context);

private:
    // A row's key as a WHERE condition, and the row's unique columns as literals.
    struct PickedRow {
        std::string where;
        std::vector<std::string> unique_values;
    };

    [[nodiscard]] Table const& pick_table();
    [[nodiscard]] Result<std::vector<PickedRow>> pick_rows(Context const& context,
                                                           Table const& table, std::size_t count);
    [[nodiscard]] std::string random_assignments(Table const& table, std::string_view prefix);
    [[nodiscard]] std::string insert(Table const& table, std::string_view verb);
    [[nodiscard]] std::vector<std::string> without_key(Table const& table);
    [[nodiscard]] std::vector<std::string> swap_unique_values(Table const& table,
                                                              PickedRow const& first,
                                                              PickedRow const& second);
    [[nodiscard]] std::vector<std::string> change_key(Table const& table, PickedRow const& row);
    [[nodiscard]] std::vector<std::string> change_several(Table const& table,
                                                          std::vector<PickedRow> const& rows);
    [[nodiscard]] Result<std::vector<std::string>> change_two_tables(Context const& context,
                                                                     Table const& table,
                                                                     PickedRow const& row);
    [[nodiscard]] std::vector<std::string> copy_rows(Table const& table);

    mysql::Connection& connection_;
    Schema const& schema_;
    Random& random_;
    Strictness strictness_;
};

}  // namespace aipress::functional
