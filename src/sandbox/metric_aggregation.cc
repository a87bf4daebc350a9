#include "sandbox/metric_aggregation.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <map>

#include "sandbox/distributions.h"
#include "sandbox/metric_reducers.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::chrono::minutes kShortestPeriod{1};
constexpr std::int64_t kPeriodsMost = 100'000;

// The points of one period.
struct Period {
    Nanoseconds from{0};
    Nanoseconds to{0};
    std::vector<json::object const*> points = {};
    json::object const* before = nullptr;  // the last point before them
};

enum class Measure { Value, Change, Rate, Count };

// One way to make a value of a period's points.
struct Aligner {
    Measure measure = Measure::Value;
    double (*combine)(std::vector<double> const&) = nullptr;  // of Value
    std::optional<double> percentile = {};                    // of distributions
};

std::map<std::string, Aligner, std::less<>> const& aligners() {
    static std::map<std::string, Aligner, std::less<>> const all{
        {"ALIGN_MEAN", {.combine = mean}},
        {"ALIGN_MAX", {.combine = largest}},
        {"ALIGN_MIN", {.combine = smallest}},
        {"ALIGN_SUM", {.combine = sum}},
        {"ALIGN_COUNT", {.measure = Measure::Count}},
        {"ALIGN_DELTA", {.measure = Measure::Change}},
        {"ALIGN_RATE", {.measure = Measure::Rate}},
        {"ALIGN_PERCENTILE_05", {.percentile = 5.0}},
        {"ALIGN_PERCENTILE_50", {.percentile = 50.0}},
        {"ALIGN_PERCENTILE_95", {.percentile = 95.0}},
        {"ALIGN_PERCENTILE_99", {.percentile = 99.0}}};
    return all;
}

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

double value_of(json::object const& point) {
    return number_in(point.at("value").as_object());
}

// How much a DELTA or CUMULATIVE metric grew: a cumulative one that began anew began at 0.
double change_in(Period const& period, std::string_view kind) {
    double change = 0;
    auto const* before = period.before;
    for (auto const* const point : period.points) {
        change += value_of(*point);
        bool const goes_on =
            kind == "CUMULATIVE" && before != nullptr && start_of(*before) == start_of(*point);
        if (goes_on) change -= value_of(*before);
        before = point;
    }
    return change;
}

Distributions distributions_of(Period const& period) {
    Distributions found;
    for (auto const* const point : period.points) {
        found.push_back(&point->at("value").at("distributionValue").as_object());
    }
    return found;
}

double aligned_number(Aligner const& aligner, Period const& period, std::string_view kind) {
    if (aligner.percentile) return percentile_of(distributions_of(period), *aligner.percentile);
    if (aligner.measure == Measure::Count) return static_cast<double>(period.points.size());
    if (aligner.measure != Measure::Value) {
        auto const change = change_in(period, kind);
        if (aligner.measure == Measure::Change) return change;
        return change / std::chrono::duration<double>(period.to - period.from).count();
    }
    std::vector<double> values;
    for (auto const* const point : period.points) values.push_back(value_of(*point));
    return aligner.combine(values);
}

Outcome<Done> check_kind(std::string const& name, Aligner const& aligner,
                         json::object const& series) {
    auto const kind = text_field(series, "metricKind");
    auto const type = text_field(series, "valueType");
    bool const is_numeric = type == "INT64" || type == "DOUBLE";
    bool const is_summed = aligner.measure == Measure::Change || name == "ALIGN_SUM";
    bool fits = is_numeric && kind != "CUMULATIVE";
    if (aligner.percentile) {
        fits = type == "DISTRIBUTION" && kind != "CUMULATIVE";
    } else if (aligner.measure == Measure::Count) {
        fits = kind != "CUMULATIVE";
    } else if (type == "DISTRIBUTION" && is_summed) {
        fits = kind == "DELTA" || (kind == "GAUGE" && name == "ALIGN_SUM");
    } else if (aligner.measure != Measure::Value) {
        fits = is_numeric && kind != "GAUGE";
    }
    if (fits) return Done();
    return invalid(
        fmt::format("The supplied filter and aggregation do not fit: {} cannot be "
                    "applied to metrics with kind {} and value type {}.",
                    name, kind, type));
}

std::string aligned_type(Aligner const& aligner, std::string_view name, std::string_view type) {
    if (aligner.measure == Measure::Count) return "INT64";
    bool const keeps =
        name != "ALIGN_MEAN" && aligner.measure != Measure::Rate && !aligner.percentile;
    return std::string(keeps ? type : "DOUBLE");
}

Outcome<TimeSeries> aligned(TimeSeries const& series, Aggregation const& aggregation,
                            Interval const& interval) {
    auto const& aligner = aligners().find(aggregation.aligner)->second;
    TRY(check_kind(aggregation.aligner, aligner, series.body));
    auto const kind = text_field(series.body, "metricKind");
    // Periods end with the interval; the last one is number 0.
    std::map<std::int64_t, Period> periods;
    json::object const* before = nullptr;
    for (auto const& point : series.points) {
        auto const end = end_of(point);
        if (end > interval.from && end <= interval.to) {
            auto const number = (interval.to - end) / aggregation.period;
            auto& period = periods[number];
            if (period.points.empty()) period.before = before;
            period.to = interval.to - number * aggregation.period;
            period.from = period.to - aggregation.period;
            period.points.push_back(&point);
        }
        before = &point;
    }
    TimeSeries result{.body = series.body, .points = {}};
    auto const type =
        aligned_type(aligner, aggregation.aligner, text_field(series.body, "valueType"));
    bool const is_delta = aligner.measure == Measure::Change;
    result.body["metricKind"] = is_delta ? "DELTA" : "GAUGE";
    result.body["valueType"] = type;
    for (auto const& [number, period] : periods) {
        json::object times{{"startTime", format_timestamp(is_delta ? period.from : period.to)},
                           {"endTime", format_timestamp(period.to)}};
        auto value =
            type == "DISTRIBUTION"
                ? json::object{{"distributionValue", merged_distribution(distributions_of(period))}}
                : typed_value(aligned_number(aligner, period, kind), type);
        result.points.push_back({{"interval", std::move(times)}, {"value", std::move(value)}});
    }
    return result;
}

// The part of metric and resource that a group has in common.
json::object group_of(json::object const& series, std::vector<std::string> const& fields) {
    json::object metric{{"type", series.at("metric").as_object().at("type")}};
    json::object resource{{"type", series.at("resource").as_object().at("type")}};
    for (auto const& field : fields) {
        auto const dot = field.rfind('.');
        auto const owner = field.substr(0, field.find('.'));
        auto const* const labels = series.at(owner).as_object().if_contains("labels");
        auto const name = field.substr(dot + 1);
        auto const* const value =
            labels == nullptr ? nullptr : labels->as_object().if_contains(name);
        if (value == nullptr) continue;
        auto& kept = (owner == "metric" ? metric : resource)["labels"];
        if (!kept.is_object()) kept.emplace_object();
        kept.get_object()[name] = *value;
    }
    return {{"metric", std::move(metric)}, {"resource", std::move(resource)}};
}

Outcome<std::vector<TimeSeries>> reduced(std::vector<TimeSeries> const& series,
                                         Aggregation const& aggregation) {
    struct Group {
        json::object body;
        std::map<Nanoseconds, std::vector<json::object const*>, std::greater<>> points;
    };
    std::map<std::string, Group> groups;
    for (auto const& one : series) {
        auto body = group_of(one.body, aggregation.group_by);
        auto& group = groups[json::serialize(body)];
        auto const type = reduced_type(aggregation.reducer, text_field(one.body, "valueType"));
        if (type.empty()) {
            return invalid(
                fmt::format("{} cannot be applied to a distribution.", aggregation.reducer));
        }
        body["metricKind"] = one.body.at("metricKind");
        body["valueType"] = type;
        group.body = std::move(body);
        for (auto const& point : one.points) group.points[end_of(point)].push_back(&point);
    }
    std::vector<TimeSeries> result;
    for (auto& [key, group] : groups) {
        TimeSeries one{.body = group.body, .points = {}};
        for (auto const& [end, points] : group.points) {
            std::vector<json::object const*> values;
            for (auto const* const point : points) {
                values.push_back(&point->at("value").as_object());
            }
            one.points.push_back({{"interval", points.front()->at("interval")},
                                  {"value", reduced_value(aggregation.reducer, values)}});
        }
        result.push_back(std::move(one));
    }
    return result;
}

}  // namespace

Outcome<Done> check_aggregation(Aggregation const& aggregation) {
    bool const is_raw = aggregation.aligner == "ALIGN_NONE";
    bool const is_single = aggregation.reducer == "REDUCE_NONE";
    if (!is_raw && !aligners().contains(aggregation.aligner)) {
        return invalid(fmt::format("The aligner {} is not served here.", aggregation.aligner));
    }
    if (!is_single && !is_reducer(aggregation.reducer)) {
        return invalid(fmt::format("The reducer {} is not served here.", aggregation.reducer));
    }
    if (is_raw && !is_single) {
        return invalid(
            "If a cross-series reducer is given, a per-series aligner other than ALIGN_NONE must "
            "be given too.");
    }
    if (!is_raw && aggregation.period < kShortestPeriod) {
        return invalid("The alignment period must be at least 60 seconds.");
    }
    for (auto const& field : aggregation.group_by) {
        if (field == "resource.type" || field == "metric.type" ||
            field.starts_with("metric.label") || field.starts_with("resource.label")) {
            continue;
        }
        return invalid(fmt::format("Series cannot be grouped by {}.", field));
    }
    return Done();
}

Outcome<std::vector<TimeSeries>> aggregated(std::vector<TimeSeries> series,
                                            Aggregation const& aggregation,
                                            Interval const& interval) {
    std::vector<TimeSeries> result;
    for (auto& one : series) {
        if (aggregation.aligner != "ALIGN_NONE") {
            if ((interval.to - interval.from) / aggregation.period > kPeriodsMost) {
                return invalid("The interval has too many alignment periods.");
            }
            result.push_back(TRY(aligned(one, aggregation, interval)));
        } else {
            std::erase_if(one.points, [&](json::object const& point) {
                return end_of(point) <= interval.from || end_of(point) > interval.to;
            });
            std::reverse(one.points.begin(), one.points.end());
            result.push_back(std::move(one));
        }
        if (result.back().points.empty()) result.pop_back();
    }
    if (aggregation.reducer == "REDUCE_NONE") return result;
    return reduced(result, aggregation);
}

}  // namespace aipress::sandbox
