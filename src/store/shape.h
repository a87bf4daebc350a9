// The store's tables as dump and load see them: names and types of columns, without their meaning.
#pragma once

#include <string>
#include <vector>

#include "sql/value.h"

namespace aipress::store {

struct ColumnShape {
    std::string name = {};
    sql::Type type = sql::Type::Text;
    bool may_be_null = false;
};

struct TableShape {
    std::string name = {};
    std::vector<ColumnShape> columns = {};
    std::size_t keys = 1;  // so many columns, from the first, are the primary key
};

// Every table of records.h.
[[nodiscard]] std::vector<TableShape> const& table_shapes();

}  // namespace aipress::store
