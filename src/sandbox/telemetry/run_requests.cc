#include "sandbox/telemetry/run_requests.h"

#include <fmt/format.h>
#include <map>
#include <tuple>

#include "sandbox/distributions.h"
#include "sandbox/log_entries.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using run::ServedRequest;

constexpr std::chrono::minutes kPeriod{1};
constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;
// From 1 ms to 75 minutes, as Google has them for latencies.
constexpr ExponentialBuckets kLatencies{.finite = 66, .growth = 1.4, .scale = 1};

std::string severity_of(int status) {
    if (status >= 500) return "ERROR";
    return status >= 400 ? "WARNING" : "INFO";
}

// The client's own trace, or one that is the request's alone.
std::string trace_of(ServedRequest const& request) {
    auto const given = request.trace.substr(0, request.trace.find('/'));
    bool const is_trace = given.size() == kTraceDigits &&
                          given.find_first_not_of("0123456789abcdefABCDEF") == given.npos;
    return is_trace ? given : request.id;
}

json::object http_request(ServedRequest const& request) {
    json::object shown{{"requestMethod", request.method},
                       {"requestUrl", fmt::format("https://{}{}", request.host, request.path)},
                       {"requestSize", fmt::format("{}", request.received_bytes)},
                       {"status", request.status},
                       {"responseSize", fmt::format("{}", request.bytes)},
                       {"remoteIp", request.remote},
                       {"latency", fmt::format("{:.3f}s", request.latency_seconds)},
                       {"protocol", request.protocol}};
    if (!request.agent.empty()) shown["userAgent"] = request.agent;
    return shown;
}

}  // namespace

json::object revision_labels(std::string_view service, std::string_view revision) {
    auto const name = segment(service, 5);
    return {{"project_id", segment(service, 1)},
            {"location", segment(service, 3)},
            {"service_name", name},
            {"revision_name", revision},
            {"configuration_name", name}};
}

json::object request_entry(Project const& project, ServedRequest const& request) {
    return {{"logName", log_name(project, "run.googleapis.com/requests")},
            {"insertId", request.id},
            {"timestamp", format_timestamp(nanoseconds_of(request.time))},
            {"severity", severity_of(request.status)},
            {"resource",
             {{"type", "cloud_run_revision"},
              {"labels", revision_labels(request.service, request.revision)}}},
            {"httpRequest", http_request(request)},
            {"trace", fmt::format("projects/{}/traces/{}", project.id, trace_of(request))},
            {"spanId", request.id.substr(0, kSpanDigits)}};
}

std::vector<Measurement> request_measurements(std::vector<ServedRequest> const& requests) {
    using Key = std::tuple<std::string, std::string, int, Nanoseconds>;
    std::map<Key, std::vector<double>> latencies;
    for (auto const& request : requests) {
        auto const minute = std::chrono::floor<std::chrono::minutes>(nanoseconds_of(request.time));
        latencies[{request.service, request.revision, request.status, minute}].push_back(
            request.latency_seconds * 1000);
    }
    std::vector<Measurement> measurements;
    for (auto const& [key, values] : latencies) {
        auto const& [service, revision, status, minute] = key;
        Measurement one{
            .project = std::string(segment(service, 1)),
            .metric = "run.googleapis.com/request_count",
            .metric_labels = {{"response_code", fmt::format("{}", status)},
                              {"response_code_class", fmt::format("{}xx", status / 100)}},
            .resource = "cloud_run_revision",
            .resource_labels = revision_labels(service, revision),
            .from = minute,
            .to = minute + kPeriod,
            .value = whole_value(static_cast<std::int64_t>(values.size()))};
        measurements.push_back(one);
        one.metric = "run.googleapis.com/request_latencies";
        one.value = {{"distributionValue", distribution_of(values, kLatencies)}};
        measurements.push_back(std::move(one));
    }
    return measurements;
}

}  // namespace aipress::sandbox
