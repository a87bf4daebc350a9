// BigQuery's columns: schemas, the rows that fit them, and how rows are answered.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

// `schema`: a TableSchema. Errors: InvalidArgument for names, types and modes that are none.
[[nodiscard]] Outcome<Done> check_table_schema(boost::json::object const& schema);
// Whether a table may change its schema so: columns may only be added, and REQUIRED relaxed.
// Errors: InvalidArgument.
[[nodiscard]] Outcome<Done> check_schema_change(std::string_view table,
                                                boost::json::object const& before,
                                                boost::json::object const& after);

enum class UnknownValues { Refuse, Ignore };

struct CheckedRow {
    boost::json::object row = {};    // its values as text, null, arrays and objects
    boost::json::array errors = {};  // ErrorProto; empty: the row is good
};
[[nodiscard]] CheckedRow check_row(boost::json::object const& schema,
                                   boost::json::object const& row, UnknownValues unknown);

enum class TimestampFormat { Seconds, Microseconds };

// A row of check_row() as {"f": [{"v": …}, …]}.
[[nodiscard]] boost::json::object shown_row(boost::json::object const& schema,
                                            boost::json::object const& row,
                                            TimestampFormat timestamps);

}  // namespace aipress::sandbox
