// The metrics of Google's own services that this sandbox measures, as
// https://cloud.google.com/monitoring/api/metrics_gcp describes them.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/projects.h"

namespace aipress::sandbox {

// A MetricDescriptor without its name, which has the project's id. nullptr: none of them.
[[nodiscard]] boost::json::object const* find_builtin_metric(std::string_view type);

// All of them, with their names, in the order of their types.
[[nodiscard]] std::vector<boost::json::object> builtin_metrics(Project const& project);

// Whether it is one that users write.
[[nodiscard]] bool is_custom_metric(std::string_view type);

// The name of a metric's descriptor in a project.
[[nodiscard]] std::string descriptor_name(Project const& project, std::string_view type);

}  // namespace aipress::sandbox
