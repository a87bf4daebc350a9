// A row of any table as a JSON object, and back. Internal to dump and load.
#pragma once

#include <boost/json/object.hpp>

#include "sql/row.h"
#include "store/shape.h"

namespace aipress::store {

[[nodiscard]] Result<boost::json::object> row_to_json(TableShape const& shape, sql::Row const& row);
// Errors: DataLoss, naming the column.
[[nodiscard]] Result<sql::Parameters> row_from_json(TableShape const& shape,
                                                    boost::json::object const& row);

}  // namespace aipress::store
