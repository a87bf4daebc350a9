// Values as Cloud Spanner's REST API has them. Source: google/spanner/v1/type.proto.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sql/row.h"
#include "sql/transaction.h"

namespace aipress::sql::spanner {

// "sql", "params", "paramTypes": $1 is "p1".
[[nodiscard]] boost::json::object statement_json(std::string_view sql,
                                                 Parameters const& parameters);

struct Answer {
    Rows rows = {};
    std::int64_t changed = 0;
};
// google.spanner.v1.ResultSet. Errors: DataLoss.
[[nodiscard]] Result<Answer> read_result_set(boost::json::object const& result_set);

}  // namespace aipress::sql::spanner
