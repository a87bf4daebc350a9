#include "sandbox/monitoring.h"

#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "sandbox/builtin_metrics.h"
#include "sandbox/limits.h"
#include "sandbox/metric_aggregation.h"
#include "sandbox/metric_filter.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::chrono::minutes kFutureMost{5};
constexpr std::chrono::hours kPastMost{25};
constexpr std::size_t kPage = 100'000;  // points

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

Outcome<Done> check_series(json::object const& series, Nanoseconds now) {
    for (auto const* const owner : {"metric", "resource"}) {
        auto const* const given = series.if_contains(owner);
        if (given == nullptr || text_field(given->as_object(), "type").empty()) {
            return invalid(fmt::format("{}.type must be set.", owner));
        }
    }
    auto const type = text_field(series.at("metric").as_object(), "type");
    if (!is_custom_metric(type)) return invalid(fmt::format("Unrecognized metric type {}.", type));
    if (text_field(series, "metricKind") == "DELTA") {
        return invalid("A custom metric is a GAUGE or CUMULATIVE.");
    }
    auto const* const points = series.if_contains("points");
    if (points == nullptr || points->as_array().size() != 1) {
        return invalid("Each time series must have exactly one point.");
    }
    auto const& point = points->as_array().front().as_object();
    if (!point.contains("interval") || !point.contains("value")) {
        return invalid("A point must have an interval and a value.");
    }
    auto const end = end_of(point);
    if (end == Nanoseconds(0)) return invalid("The point's interval has no end time.");
    if (end > now + kFutureMost) {
        return invalid("The end time is more than 5 minutes in the future.");
    }
    if (end + kPastMost < now) return invalid("The end time is more than 25 hours in the past.");
    return Done();
}

struct SeriesQuery {
    MetricFilter filter = {};
    Interval interval = {};
    Aggregation aggregation = {};
    std::size_t most = kPage;
    std::size_t start = 0;  // how many series earlier pages had
    bool is_headers = false;
};

Outcome<Aggregation> parse_aggregation(Call const& call) {
    Aggregation aggregation;
    if (auto const text = call.query("aggregation.alignmentPeriod"); !text.empty()) {
        auto const period = parse_duration(text);
        if (!period) return invalid(fmt::format("'{}' is no duration.", text));
        aggregation.period = *period;
    }
    if (auto const aligner = call.query("aggregation.perSeriesAligner"); !aligner.empty()) {
        aggregation.aligner = aligner;
    }
    if (auto const reducer = call.query("aggregation.crossSeriesReducer"); !reducer.empty()) {
        aggregation.reducer = reducer;
    }
    for (auto const& [name, value] : call.request.parameters) {
        if (name == "aggregation.groupByFields") aggregation.group_by.push_back(value);
        if (name.starts_with("secondaryAggregation.") || name == "orderBy") {
            return invalid(fmt::format("{} is not served here.", name));
        }
    }
    TRY(check_aggregation(aggregation));
    return aggregation;
}

Outcome<SeriesQuery> parse_query(Call const& call) {
    SeriesQuery query;
    query.filter = TRY(MetricFilter::parse(call.query("filter")));
    if (query.filter.metric_type().empty()) {
        return invalid("The filter must name one metric: metric.type = \"…\".");
    }
    auto const end = parse_timestamp(call.query("interval.endTime"));
    if (!end) return invalid("interval.end_time must be a timestamp.");
    query.interval.to = *end;
    auto const start_text = call.query("interval.startTime");
    auto const start =
        parse_timestamp(start_text.empty() ? call.query("interval.endTime") : start_text);
    if (!start || *start > *end) {
        return invalid("interval.start_time must be a timestamp that is not after end_time.");
    }
    // An interval that is one point in time holds what ends there.
    query.interval.from = *start == *end ? *start - Nanoseconds(1) : *start;
    query.aggregation = TRY(parse_aggregation(call));
    query.most = TRY(call.page_size("pageSize", kPage, kPage));
    auto const view = call.query("view");
    query.is_headers = view == "HEADERS";
    auto const token = TRY(page_start(call.query("pageToken")));
    auto const [last, failure] =
        std::from_chars(token.data(), token.data() + token.size(), query.start);
    if (!token.empty() && failure != std::errc()) return invalid("The page token is none.");
    return query;
}

class Monitoring {
public:
    Monitoring(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> create_series(Call& call);
    Outcome<Reply> list_all_series(Call& call);

private:
    Store& store_;
    Clock& clock_;
};

// What is wrong with one series does not keep the others from being written.
Outcome<Reply> Monitoring::create_series(Call& call) {
    auto const* const given = call.fields().if_contains("timeSeries");
    if (given == nullptr || given->as_array().empty() ||
        given->as_array().size() > limits::kSeriesOfRequest) {
        return invalid(
            fmt::format("time_series must hold 1 to {} series.", limits::kSeriesOfRequest));
    }
    auto const now = nanoseconds_of(clock_.wall_now());
    auto const project = TRY(read<Project>(store_, [&](Transaction& transaction) {
        return find_active_project(transaction, call.path_parameter("name"));
    }));
    std::string failures;
    std::size_t written = 0;
    std::size_t index = 0;
    for (auto const& series : given->as_array()) {
        auto outcome = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
            TRY(check_series(series.as_object(), now));
            return append_point(transaction, project, series.as_object());
        });
        if (outcome.ok()) {
            ++written;
        } else {
            failures += fmt::format("{}timeSeries[{}]: {}", failures.empty() ? "" : "; ", index,
                                    outcome.release_error().message);
        }
        ++index;
    }
    if (failures.empty()) return reply(json::object());
    json::object const summary{
        {"@type", "type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary"},
        {"totalPointCount", index},
        {"successPointCount", written}};
    return ApiError{
        .code = ErrorCode::InvalidArgument,
        .message = fmt::format("One or more TimeSeries could not be written: {}", failures),
        .details = {summary}};
}

Outcome<Reply> Monitoring::list_all_series(Call& call) {
    auto const query = TRY(parse_query(call));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("name")));
        auto series =
            TRY(list_series(transaction, project, query.filter.metric_type(), query.interval));
        std::erase_if(series,
                      [&](TimeSeries const& one) { return !query.filter.matches(one.body); });
        auto found = TRY(aggregated(std::move(series), query.aggregation, query.interval));
        json::array shown;
        json::object result;
        std::size_t size = 0;
        for (std::size_t index = query.start; index < found.size(); ++index) {
            if (size >= query.most) {
                result["nextPageToken"] = page_token(fmt::format("{}", index));
                break;
            }
            size += query.is_headers ? 1 : found[index].points.size();
            if (!query.is_headers) {
                found[index].body["points"] =
                    json::array(found[index].points.begin(), found[index].points.end());
            }
            shown.push_back(std::move(found[index].body));
        }
        if (!shown.empty()) result["timeSeries"] = std::move(shown);
        return reply(std::move(result));
    });
}

}  // namespace

void serve_monitoring(Methods& methods, Store& store, Clock& clock) {
    auto const monitoring = std::make_shared<Monitoring>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("monitoring.projects.{}", verb), "v3", handler);
    };
    serve("timeSeries.create", [=](Call& call) { return monitoring->create_series(call); });
    serve("timeSeries.list", [=](Call& call) { return monitoring->list_all_series(call); });
    serve_metric_descriptors(methods, store);
    serve_alerting(methods, store, clock);
}

}  // namespace aipress::sandbox
