// What v1 says of a template in annotations, and v2 in fields.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::sandbox::run {

// The volume that v1's list of Cloud SQL instances becomes in v2.
inline constexpr std::string_view kCloudSqlVolume = "cloudsql";
inline constexpr std::string_view kCloudSql = "run.googleapis.com/cloudsql-instances";

// Takes the annotations that v2 has fields for out of `annotations`, and sets those fields of
// `wanted`, whose containers are there already.
void fields_from_annotations(boost::json::object& annotations, boost::json::object& wanted);
// The annotations of a template of v2, but for those of its volumes.
[[nodiscard]] boost::json::object annotations_from_fields(boost::json::object const& wanted);

// Takes one out of those that stay; "" when it is not there.
[[nodiscard]] std::string take_annotation(boost::json::object& annotations, std::string_view name);
// "a,b": its parts that are not empty.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);
// The number that a text begins with; 0 when it does not.
[[nodiscard]] std::int64_t leading_number(std::string_view text);

}  // namespace aipress::sandbox::run
