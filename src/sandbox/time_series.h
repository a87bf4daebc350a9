// The metrics of projects, as the store keeps them: Cloud Monitoring's own, and what the sandbox
// itself measures.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/projects.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {

// By NUMBER/TYPE, but for the metrics that every project has: see builtin_metrics.h.
inline constexpr std::string_view kMetricDescriptors = "metric_descriptors";

struct TimeSeries {
    boost::json::object body = {};                 // monitoring.v3 TimeSeries, without points
    std::vector<boost::json::object> points = {};  // the oldest first
};

// `series`: a TimeSeries with one point; a metric kind that it lacks is GAUGE, a value type that of
// its value. The metric's descriptor is made when there is none. The oldest points of a series go
// when it has more than limits::kPointsOfSeries. Errors: InvalidArgument when it is not what its
// descriptor says, or not newer than the last point; ResourceExhausted past
// limits::kSeriesOfProject.
[[nodiscard]] Outcome<Done> append_point(Transaction& transaction, Project const& project,
                                         boost::json::object series);

// The same for a point that grows: what is given is added to the point with that end when there is
// one, for a DELTA metric of INT64 or of distributions with the same buckets. Points may come in
// any order.
[[nodiscard]] Outcome<Done> add_to_point(Transaction& transaction, Project const& project,
                                         boost::json::object series);

// Every series of a metric, in the order of their labels, with its points whose end is in (from,
// to], and the last one before.
struct Interval {
    Nanoseconds from{0};
    Nanoseconds to{0};
};
[[nodiscard]] Outcome<std::vector<TimeSeries>> list_series(Transaction& transaction,
                                                           Project const& project,
                                                           std::string_view metric_type,
                                                           Interval const& interval);

// All series of a metric, with their points; `descriptor`: its key in kMetricDescriptors.
[[nodiscard]] Outcome<Done> remove_series(Transaction& transaction, std::string const& descriptor);

[[nodiscard]] Nanoseconds end_of(boost::json::object const& point);
[[nodiscard]] Nanoseconds start_of(boost::json::object const& point);  // its end without one

}  // namespace aipress::sandbox
