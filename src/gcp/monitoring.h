// Cloud Monitoring v3: what was measured.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gcp/connection.h"

namespace aipress::gcp {

// Of each series one value for the whole time: aligned, then reduced by `group_by`.
struct SeriesQuery {
    std::string project = {};
    std::string metric = {};  // "run.googleapis.com/request_count"
    WallTime end = {};
    std::chrono::seconds time{86'400};       // before `end`; a minute at least
    std::string aligner = {};                // "ALIGN_SUM"
    std::string reducer = {};                // "REDUCE_SUM"
    std::vector<std::string> group_by = {};  // "resource.labels.service_name"
};

// Thread safe. The connection outlives it.
class Monitoring {
public:
    explicit Monitoring(Connection const& connection) : connection_(connection) {}

    // Errors: NotFound where nothing was ever measured by that name.
    [[nodiscard]] Outcome<Done> list_time_series(Context const& context, SeriesQuery const& query,
                                                 Connection::Visitor const& visit) const;

private:
    Connection const& connection_;
};

// Of the metric or the resource; "" when it has none of that name.
[[nodiscard]] std::string series_label(boost::json::object const& series, std::string_view part,
                                       std::string_view label);
// The newest point's number. nullopt: there is none, or it is no number.
[[nodiscard]] std::optional<double> newest_value(boost::json::object const& series);

}  // namespace aipress::gcp
