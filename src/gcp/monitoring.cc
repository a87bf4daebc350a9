#include "gcp/monitoring.h"

#include <boost/json/array.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "gcp/fields.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "monitoring.googleapis.com";
constexpr char const* kPageSize = "10000";

std::string rfc3339(WallTime time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

Outcome<Done> Monitoring::list_time_series(Context const& context, SeriesQuery const& query,
                                           Connection::Visitor const& visit) const {
    Call call{
        .api = kApi,
        .path = fmt::format("/v3/projects/{}/timeSeries", http::percent_encoded(query.project)),
        .query = {{"filter", fmt::format("metric.type = \"{}\"", query.metric)},
                  {"interval.startTime", rfc3339(query.end - query.time)},
                  {"interval.endTime", rfc3339(query.end)},
                  {"aggregation.alignmentPeriod", fmt::format("{}s", query.time.count())},
                  {"aggregation.perSeriesAligner", query.aligner},
                  {"aggregation.crossSeriesReducer", query.reducer},
                  {"pageSize", kPageSize}}};
    for (auto const& field : query.group_by) {
        call.query.emplace_back("aggregation.groupByFields", field);
    }
    return connection_.for_each(context, std::move(call), "timeSeries", visit);
}

std::string series_label(json::object const& series, std::string_view part,
                         std::string_view label) {
    auto const* const of = object_of(series, part);
    auto const* const labels = of == nullptr ? nullptr : object_of(*of, "labels");
    return labels == nullptr ? "" : text_of(*labels, label);
}

std::optional<double> newest_value(json::object const& series) {
    auto const& points = array_of(series, "points");
    if (points.empty() || !points.front().is_object()) return std::nullopt;
    auto const* const value = object_of(points.front().get_object(), "value");
    if (value == nullptr) return std::nullopt;
    if (auto const whole = integer_of(*value, "int64Value")) return static_cast<double>(*whole);
    auto const* const real = value->if_contains("doubleValue");
    if (real == nullptr || !real->is_number()) return std::nullopt;
    return real->to_number<double>();
}

}  // namespace aipress::gcp
