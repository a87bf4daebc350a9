// What the sandbox has measured of itself, on its way to Cloud Monitoring.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "sandbox/service.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {

// One point of one series. The metric is one of builtin_metrics.h.
struct Measurement {
    std::string project = {};  // its id
    std::string metric = {};
    boost::json::object metric_labels = {};
    std::string resource = {};
    boost::json::object resource_labels = {};
    Nanoseconds from{0};  // of a DELTA metric; of a GAUGE the same as `to`
    Nanoseconds to{0};
    boost::json::object value = {};  // a TypedValue
};

[[nodiscard]] boost::json::object whole_value(std::int64_t value);
[[nodiscard]] boost::json::object real_value(double value);

// A TimeSeries with its one point.
[[nodiscard]] boost::json::object series_of(Measurement const& measurement);

// They become points, or grow the ones that are there: see add_to_point. What a project cannot take
// (it is gone, it has too many series) is left out, for it keeps nothing else waiting. Errors: the
// store's.
[[nodiscard]] Outcome<Done> add_measurements(Transaction& transaction,
                                             std::vector<Measurement> const& measurements);
// New points, in transactions of their own that are short; those that are not newer than the last
// one are left out too.
[[nodiscard]] Outcome<Done> append_measurements(Store& store,
                                                std::vector<Measurement> const& measurements);

}  // namespace aipress::sandbox
