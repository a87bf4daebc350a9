// What a column's type means to the mover, and which columns name a row. Internal to mysql/.
#pragma once

#include <string_view>
#include <vector>

#include "mysql/schema.h"

namespace aipress::mysql {

// Of information_schema's DATA_TYPE.
[[nodiscard]] ColumnKind kind_of(std::string_view data_type, bool is_mariadb);

// Table::key: by the table's columns, and its indexes in the order they were defined in.
[[nodiscard]] std::vector<std::size_t> choose_key(Table const& table);

}  // namespace aipress::mysql
