#include "sandbox/time_series.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

#include "sandbox/builtin_metrics.h"
#include "sandbox/distributions.h"
#include "sandbox/limits.h"
#include "sandbox/operations.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kSeries = "time_series";    // by NUMBER/TYPE|LABELS
constexpr std::string_view kPoints = "metric_points";  // by SERIES_NUMBER/END
constexpr std::string_view kSeriesNumbers = "time_series_numbers";
constexpr std::size_t kScanned = 1000;

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

// "TYPE{a=b,c=d}" whatever the order in which the client wrote the labels.
std::string identity(json::object const& owner) {
    std::map<std::string, std::string> labels;
    if (auto const* const given = owner.if_contains("labels")) {
        for (auto const& [key, value] : given->as_object()) {
            labels[std::string(key)] = json::serialize(value);
        }
    }
    auto text = text_field(owner, "type") + "{";
    for (auto const& [key, value] : labels) text += fmt::format("{}={},", key, value);
    return text + "}";
}

std::string series_key(Project const& project, json::object const& series) {
    return fmt::format("{}/{}{}", project.number, identity(series.at("metric").as_object()),
                       identity(series.at("resource").as_object()));
}

std::string point_key(std::uint64_t series, Nanoseconds end) {
    return fmt::format("{:012}/{:020}", series, end.count());
}

std::string value_type_of(json::object const& value) {
    static std::map<std::string_view, std::string_view> const types{
        {"boolValue", "BOOL"},
        {"int64Value", "INT64"},
        {"doubleValue", "DOUBLE"},
        {"stringValue", "STRING"},
        {"distributionValue", "DISTRIBUTION"}};
    for (auto const& [member, type] : types) {
        if (value.contains(member)) return std::string(type);
    }
    return {};
}

Outcome<json::object> descriptor_of(Transaction& transaction, Project const& project,
                                    json::object const& series, std::string const& value_type) {
    auto const type = text_field(series.at("metric").as_object(), "type");
    if (auto const* const builtin = find_builtin_metric(type)) return *builtin;
    auto const key = fmt::format("{}/{}", project.number, type);
    if (auto found = TRY(transaction.get(kMetricDescriptors, key))) {
        return std::move(found->body.as_object());
    }
    auto const kind = text_field(series, "metricKind");
    json::array labels;
    if (auto const* const given = series.at("metric").as_object().if_contains("labels")) {
        for (auto const& [name, value] : given->as_object()) {
            labels.push_back(json::object{{"key", name}});
        }
    }
    json::object descriptor{
        {"name", descriptor_name(project, type)},
        {"type", type},
        {"metricKind", kind.empty() || kind == "METRIC_KIND_UNSPECIFIED" ? "GAUGE" : kind},
        {"valueType", value_type}};
    if (!labels.empty()) descriptor["labels"] = std::move(labels);
    if (auto const unit = text_field(series, "unit"); !unit.empty()) descriptor["unit"] = unit;
    TRY(transaction.insert(kMetricDescriptors, key, descriptor));
    return descriptor;
}

Outcome<Done> check_point(json::object const& series, json::object const& descriptor,
                          std::string const& value_type) {
    auto const& point = series.at("points").as_array().front().as_object();
    for (auto const& [member, given] : {std::pair("metricKind", text_field(series, "metricKind")),
                                        std::pair("valueType", value_type)}) {
        auto const expected = text_field(descriptor, member);
        if (given.empty() || given.ends_with("_UNSPECIFIED") || given == expected) continue;
        return invalid(fmt::format("The {} of metric {} must be {}, but is {}.", member,
                                   text_field(descriptor, "type"), expected, given));
    }
    bool const is_gauge = text_field(descriptor, "metricKind") == "GAUGE";
    if (is_gauge && start_of(point) != end_of(point)) {
        return invalid("The start time must be equal to the end time for the gauge metric.");
    }
    if (!is_gauge && start_of(point) >= end_of(point)) {
        return invalid("The start time must be before the end time for the non-gauge metric.");
    }
    return Done();
}

Outcome<Document> series_document(Transaction& transaction, Project const& project,
                                  json::object const& series, json::object const& descriptor) {
    auto const key = series_key(project, series);
    if (auto found = TRY(transaction.get(kSeries, key))) return std::move(*found);
    if (TRY(transaction.count(kSeries, project.number + "/")) >= limits::kSeriesOfProject) {
        return ApiError{.code = ErrorCode::ResourceExhausted,
                        .message = fmt::format("The project has {} time series already.",
                                               limits::kSeriesOfProject)};
    }
    json::object body{{"metric", series.at("metric")},
                      {"resource", series.at("resource")},
                      {"metricKind", descriptor.at("metricKind")},
                      {"valueType", descriptor.at("valueType")}};
    auto const number = TRY(next_number(transaction, kSeriesNumbers));
    Document made{.name = key};
    made.body = json::object{
        {"series", std::move(body)}, {"number", number}, {"points", 0}, {"lastEnd", 0}};
    made.version = TRY(transaction.insert(kSeries, key, made.body));
    return made;
}

Outcome<std::vector<json::object>> points_of(Transaction& transaction, std::uint64_t series,
                                             Interval const& interval) {
    auto const prefix = fmt::format("{:012}/", series);
    std::vector<json::object> points;
    std::string start;
    do {
        auto page = TRY(transaction.list(kPoints, prefix, start, kScanned));
        for (auto& document : page.documents) {
            auto& point = document.body.as_object();
            auto const end = end_of(point);
            if (end > interval.to) return points;
            if (end <= interval.from) points.clear();  // the last one before is enough
            points.push_back(std::move(point));
        }
        start = std::move(page.next);
    } while (!start.empty());
    return points;
}

// The series of a point that is to be written, and what is known of it.
struct Target {
    Document document = {};
    Nanoseconds end{0};

    [[nodiscard]] json::object& state() { return document.body.as_object(); }
    [[nodiscard]] std::uint64_t number() { return state().at("number").to_number<std::uint64_t>(); }
    [[nodiscard]] Nanoseconds last_end() {
        return Nanoseconds(state().at("lastEnd").to_number<std::int64_t>());
    }
};

Outcome<Target> target_of(Transaction& transaction, Project const& project,
                          json::object const& series) {
    auto const& point = series.at("points").as_array().front().as_object();
    auto const value_type = value_type_of(point.at("value").as_object());
    if (value_type.empty()) return invalid("The point has no value.");
    auto const descriptor = TRY(descriptor_of(transaction, project, series, value_type));
    TRY(check_point(series, descriptor, value_type));
    Target target{.end = end_of(point)};
    target.document = TRY(series_document(transaction, project, series, descriptor));
    return target;
}

Outcome<Done> insert_point(Transaction& transaction, Target& target, json::object const& point) {
    auto count = target.state().at("points").to_number<std::size_t>() + 1;
    TRY(transaction.insert(kPoints, point_key(target.number(), target.end), point));
    if (count > limits::kPointsOfSeries) {
        auto const oldest =
            TRY(transaction.list(kPoints, fmt::format("{:012}/", target.number()), "", 1));
        TRY(transaction.remove(kPoints, oldest.documents.front().name));
        --count;
    }
    target.state()["points"] = count;
    target.state()["lastEnd"] = std::max(target.end, target.last_end()).count();
    auto& document = target.document;
    TRY(transaction.update(kSeries, document.name, document.version, document.body));
    return Done();
}

json::object sum_of(json::object const& left, json::object const& right) {
    auto const* const distribution = left.if_contains("distributionValue");
    if (distribution != nullptr) {
        return {{"distributionValue",
                 merged_distribution(
                     {&distribution->as_object(), &right.at("distributionValue").as_object()})}};
    }
    auto const whole = [](json::object const& value) {
        return std::strtoll(value.at("int64Value").as_string().c_str(), nullptr, 10);
    };
    return {{"int64Value", fmt::format("{}", whole(left) + whole(right))}};
}

}  // namespace

Nanoseconds end_of(json::object const& point) {
    auto const& interval = point.at("interval").as_object();
    return parse_timestamp(text_field(interval, "endTime")).value_or(Nanoseconds(0));
}

Nanoseconds start_of(json::object const& point) {
    auto const text = text_field(point.at("interval").as_object(), "startTime");
    return parse_timestamp(text).value_or(end_of(point));
}

Outcome<Done> append_point(Transaction& transaction, Project const& project, json::object series) {
    auto target = TRY(target_of(transaction, project, series));
    if (target.end <= target.last_end()) {
        return invalid(
            "Points must be written in order. One or more of the points specified had an older "
            "end time than the most recent point.");
    }
    return insert_point(transaction, target, series.at("points").as_array().front().as_object());
}

Outcome<Done> add_to_point(Transaction& transaction, Project const& project, json::object series) {
    auto target = TRY(target_of(transaction, project, series));
    auto& point = series.at("points").as_array().front().as_object();
    auto const key = point_key(target.number(), target.end);
    auto const found = TRY(transaction.get(kPoints, key));
    if (!found) return insert_point(transaction, target, point);
    point["value"] = sum_of(found->body.at("value").as_object(), point.at("value").as_object());
    TRY(transaction.update(kPoints, key, found->version, point));
    return Done();
}

Outcome<std::vector<TimeSeries>> list_series(Transaction& transaction, Project const& project,
                                             std::string_view metric_type,
                                             Interval const& interval) {
    std::vector<TimeSeries> found;
    std::string start;
    auto const prefix = fmt::format("{}/{}{{", project.number, metric_type);
    do {
        auto page = TRY(transaction.list(kSeries, prefix, start, kScanned));
        for (auto& document : page.documents) {
            auto& state = document.body.as_object();
            auto const number = state.at("number").to_number<std::uint64_t>();
            TimeSeries series;
            series.points = TRY(points_of(transaction, number, interval));
            series.body = std::move(state.at("series").as_object());
            found.push_back(std::move(series));
        }
        start = std::move(page.next);
    } while (!start.empty());
    return found;
}

Outcome<Done> remove_series(Transaction& transaction, std::string const& descriptor) {
    auto const remove_all = [&](std::string_view collection,
                                std::string const& prefix) -> Outcome<std::vector<Document>> {
        std::vector<Document> removed;
        while (true) {
            auto page = TRY(transaction.list(collection, prefix, "", kScanned));
            if (page.documents.empty()) return removed;
            for (auto& document : page.documents) {
                TRY(transaction.remove(collection, document.name));
                removed.push_back(std::move(document));
            }
        }
    };
    for (auto const& series : TRY(remove_all(kSeries, descriptor + "{"))) {
        auto const number = series.body.at("number").to_number<std::uint64_t>();
        TRY(remove_all(kPoints, fmt::format("{:012}/", number)));
    }
    return Done();
}

}  // namespace aipress::sandbox
