#include "poc/history.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <numbers>
#include <set>

#include "poc/site_dump.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;
using std::chrono::hours;

constexpr int kSeriesHours = 24;
constexpr int kLogDays = 7;
constexpr std::size_t kSecondsLength = 19;  // "2026-11-30T12:00:00", without the fraction

struct Metric {
    std::string_view type;
    std::string_view value_type;
    std::string_view unit;
    std::string_view description;
};
constexpr std::array<Metric, 2> kMetrics{
    {{"custom.googleapis.com/aipress/request_count", "INT64", "1", "Requests in an hour"},
     {"custom.googleapis.com/aipress/latency", "DOUBLE", "ms", "Mean latency in an hour"}}};

std::string rfc3339(WallTime time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

double latency_ms(Tenant const& tenant, unsigned requests) {
    return 60.0 + static_cast<double>(tenant.seed % 80) +
           static_cast<double>(requests) / tenant.size.requests_per_hour * 120.0;
}

json::object series(Tenant const& tenant, Metric const& metric, WallTime end) {
    auto const requests = requests_in(tenant, end - hours(1));
    json::object value;
    if (metric.value_type == "INT64") {
        value["int64Value"] = fmt::format("{}", requests);
    } else {
        value["doubleValue"] = latency_ms(tenant, requests);
    }
    return {
        {"metric",
         {{"type", metric.type},
          {"labels",
           json::object{{"tenant", tenant.name}, {"traffic_class", to_string(tenant.traffic)}}}}},
        {"resource",
         {{"type", "generic_task"},
          {"labels", json::object{{"project_id", kProject},
                                  {"location", kRegion},
                                  {"namespace", "poc"},
                                  {"job", tenant.name},
                                  {"task_id", "site"}}}}},
        {"metricKind", "GAUGE"},
        {"valueType", metric.value_type},
        {"points", json::array{json::object{{"interval", json::object{{"endTime", rfc3339(end)}}},
                                            {"value", std::move(value)}}}}};
}

// The ends of the points that the tenant's series has from `begin` to `end`.
Result<std::set<std::string>> times_of(Google& google, Tenant const& tenant, Metric const& metric,
                                       WallTime begin, WallTime end) {
    auto const filter = fmt::format("metric.type = \"{}\" AND metric.labels.tenant = \"{}\"",
                                    metric.type, tenant.name);
    auto const found = TRY(google.get(fmt::format(
        "monitoring.googleapis.com/v3/projects/{}/timeSeries?filter={}&interval.startTime={}"
        "&interval.endTime={}",
        kProject, http::percent_encoded(filter), http::percent_encoded(rfc3339(begin)),
        http::percent_encoded(rfc3339(end)))));
    std::set<std::string> times;
    boost::system::error_code failure;
    auto const* const points = found.find_pointer("/timeSeries/0/points", failure);
    if (points == nullptr) return times;
    for (auto const& point : points->as_array()) {
        times.insert(text_at(point, "/interval/endTime").substr(0, kSecondsLength));
    }
    return times;
}

Result<void> write_series(Google& google, Tenant const& tenant, WallTime end) {
    auto const now = google.context().clock().wall_now();
    std::array<std::set<std::string>, kMetrics.size()> there;
    for (std::size_t i = 0; i < kMetrics.size(); ++i) {
        there[i] =
            TRY(times_of(google, tenant, kMetrics[i], end - hours(kSeriesHours), end + hours(1)));
    }
    for (int hour = kSeriesHours - 1; hour >= 0; --hour) {
        auto const time = end - hours(hour);
        // Carried on so late that Cloud Monitoring would not take it any more.
        if (time + hours(kSeriesHours) < now) continue;
        json::array all;
        for (std::size_t i = 0; i < kMetrics.size(); ++i) {
            if (there[i].contains(rfc3339(time).substr(0, kSecondsLength))) continue;
            all.push_back(series(tenant, kMetrics[i], time));
        }
        if (all.empty()) continue;
        TRY(google.post(
            fmt::format("monitoring.googleapis.com/v3/projects/{}/timeSeries", kProject),
            json::object{{"timeSeries", std::move(all)}}));
    }
    return {};
}

json::object log_entry(Tenant const& tenant, WallTime time, unsigned number) {
    auto const host = tenant.host();
    auto const path =
        number % 3 == 0 ? std::string("/") : post_path(tenant, number % tenant.size.posts);
    auto const status = number % 29 == 7 ? 404 : 200;
    return {{"logName", fmt::format("projects/{}/logs/run.googleapis.com%2Frequests", kProject)},
            {"resource",
             {{"type", "cloud_run_revision"},
              {"labels", json::object{{"project_id", kProject},
                                      {"location", kRegion},
                                      {"service_name", tenant.name},
                                      {"configuration_name", tenant.name}}}}},
            {"timestamp", rfc3339(time)},
            // What is written twice has the same id, and is kept once.
            {"insertId", fmt::format("{}-{:05}", tenant.name, number)},
            {"severity", status == 200 ? "INFO" : "WARNING"},
            {"httpRequest",
             json::object{{"requestMethod", "GET"},
                          {"requestUrl", fmt::format("https://{}{}", host, path)},
                          {"status", status},
                          {"responseSize", fmt::format("{}", 9'000 + number * 37 % 20'000)},
                          {"userAgent", "Mozilla/5.0 (X11; Linux x86_64)"},
                          {"remoteIp", "192.0.2.7"},
                          {"latency", fmt::format("0.{:03}s", 60 + number * 13 % 300)}}}};
}

}  // namespace

Result<void> make_metrics(Google& google) {
    for (auto const& metric : kMetrics) {
        TRY(google.post(
            fmt::format("monitoring.googleapis.com/v3/projects/{}/metricDescriptors", kProject),
            json::object{{"type", metric.type},
                         {"metricKind", "GAUGE"},
                         {"valueType", metric.value_type},
                         {"unit", metric.unit},
                         {"description", metric.description},
                         {"displayName", metric.description},
                         {"labels", json::array{json::object{{"key", "tenant"}},
                                                json::object{{"key", "traffic_class"}}}}}));
    }
    return {};
}

unsigned requests_in(Tenant const& tenant, WallTime hour) {
    auto const since = std::chrono::duration_cast<hours>(hour.time_since_epoch()).count();
    auto const of_day = static_cast<int>(since % 24);
    auto const of_week = static_cast<int>((since / 24 + 4) % 7);  // 0: Sunday
    double share = 0;
    if (tenant.traffic == TrafficClass::Development) {
        share = of_week % 6 != 0 && of_day >= 9 && of_day < 18 ? 1 : 0;  // at work
    } else {
        share = 0.1 + 0.9 * std::max(0.0, std::sin(std::numbers::pi * (of_day - 6) / 17.0));
    }
    return static_cast<unsigned>(std::lround(tenant.size.requests_per_hour * share));
}

Result<void> write_history(Google& google, Tenant const& tenant, WallTime end) {
    auto const last = std::chrono::floor<hours>(end);
    TRY(write_series(google, tenant, last));
    // A sample of the week's requests: the busier the more.
    json::array entries;
    unsigned number = 0;
    for (int hour = kLogDays * 24; hour > 0; --hour) {
        auto const time = last - hours(hour);
        auto const requests = requests_in(tenant, time);
        if (requests == 0 || hour % (requests > 1'000 ? 2 : requests > 100 ? 4 : 8) != 0) continue;
        entries.push_back(log_entry(tenant, time + std::chrono::minutes(number % 60), number));
        ++number;
    }
    TRY(google.post("logging.googleapis.com/v2/entries:write",
                    json::object{{"entries", std::move(entries)}}));
    return {};
}

}  // namespace aipress::poc
