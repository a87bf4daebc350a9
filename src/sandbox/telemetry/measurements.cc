#include "sandbox/telemetry/measurements.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "sandbox/time_series.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kPointsOfTransaction = 200;  // others write in between

using Writer = Outcome<Done> (*)(Transaction&, Project const&, json::object);

bool is_of_the_store(ErrorCode code) {
    return code == ErrorCode::Unavailable || code == ErrorCode::Internal;
}

Outcome<Done> write_point(Transaction& transaction, Measurement const& measurement,
                          Writer write_series) {
    auto const project = TRY(find_active_project(transaction, measurement.project));
    return write_series(transaction, project, series_of(measurement));
}

Outcome<Done> write_points(Transaction& transaction, std::vector<Measurement> const& measurements,
                           std::size_t first, std::size_t end, Writer write_series) {
    for (auto index = first; index < end; ++index) {
        auto written = write_point(transaction, measurements[index], write_series);
        if (written.ok()) continue;
        auto error = written.release_error();
        if (is_of_the_store(error.code)) return error;
        log::debug("Cloud Monitoring: {} of project {} is left out: {}", measurements[index].metric,
                   measurements[index].project, error.message);
    }
    return Done();
}

}  // namespace

json::object whole_value(std::int64_t value) {
    return {{"int64Value", fmt::format("{}", value)}};
}

json::object real_value(double value) {
    return {{"doubleValue", value}};
}

json::object series_of(Measurement const& measurement) {
    json::object metric{{"type", measurement.metric}};
    if (!measurement.metric_labels.empty()) metric["labels"] = measurement.metric_labels;
    json::object const interval{{"startTime", format_timestamp(measurement.from)},
                                {"endTime", format_timestamp(measurement.to)}};
    return {{"metric", std::move(metric)},
            {"resource", {{"type", measurement.resource}, {"labels", measurement.resource_labels}}},
            {"points",
             json::array{json::object{{"interval", interval}, {"value", measurement.value}}}}};
}

Outcome<Done> add_measurements(Transaction& transaction,
                               std::vector<Measurement> const& measurements) {
    return write_points(transaction, measurements, 0, measurements.size(), add_to_point);
}

Outcome<Done> append_measurements(Store& store, std::vector<Measurement> const& measurements) {
    for (std::size_t first = 0; first < measurements.size(); first += kPointsOfTransaction) {
        auto const end = std::min(first + kPointsOfTransaction, measurements.size());
        TRY(write<Done>(store, [&](Transaction& transaction) {
            return write_points(transaction, measurements, first, end, append_point);
        }));
    }
    return Done();
}

}  // namespace aipress::sandbox
