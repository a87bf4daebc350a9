// What time series are brought down to: https://cloud.google.com/monitoring/api/v3/aggregation
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/time_series.h"

namespace aipress::sandbox {

struct Aggregation {
    Nanoseconds period{0};
    std::string aligner = "ALIGN_NONE";
    std::string reducer = "REDUCE_NONE";
    std::vector<std::string> group_by = {};  // "metric.labels.x", "resource.labels.y", …
};

// Errors: InvalidArgument for what is no such aligner or reducer, or not served here, or needs a
// period of a minute or more and has none.
[[nodiscard]] Outcome<Done> check_aggregation(Aggregation const& aggregation);

// The points that lie in the interval, the newest first, aligned and reduced. Errors:
// InvalidArgument when the aligner is not for the metric's kind and type.
[[nodiscard]] Outcome<std::vector<TimeSeries>> aggregated(std::vector<TimeSeries> series,
                                                          Aggregation const& aggregation,
                                                          Interval const& interval);

}  // namespace aipress::sandbox
