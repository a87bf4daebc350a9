// What the values of several time series at one time are brought down to: the reducers of
// https://cloud.google.com/monitoring/api/v3/aggregation, and the values of points.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::sandbox {

[[nodiscard]] bool is_reducer(std::string_view name);
// What it makes of values of that type; "": it takes none of that type. REQUIRES: is_reducer().
[[nodiscard]] std::string reduced_type(std::string_view reducer, std::string_view type);
// A TypedValue of `values`, which are of one type that the reducer takes; there is at least one.
[[nodiscard]] boost::json::object reduced_value(
    std::string_view reducer, std::vector<boost::json::object const*> const& values);

// Of a TypedValue that is a number, or a BOOL: 0 or 1.
[[nodiscard]] double number_in(boost::json::object const& value);
// `type`: INT64 or DOUBLE.
[[nodiscard]] boost::json::object typed_value(double value, std::string_view type);

[[nodiscard]] double sum(std::vector<double> const& values);
// REQUIRES: there is a value.
[[nodiscard]] double mean(std::vector<double> const& values);
[[nodiscard]] double largest(std::vector<double> const& values);
[[nodiscard]] double smallest(std::vector<double> const& values);

}  // namespace aipress::sandbox
