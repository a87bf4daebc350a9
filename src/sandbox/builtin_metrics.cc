#include "sandbox/builtin_metrics.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <map>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

struct Label {
    std::string_view key;
    std::string_view description;
    std::string_view type = "";  // "": a string
};

struct Metric {
    std::string_view type;
    std::string_view kind;
    std::string_view value_type;
    std::string_view unit;
    std::string_view display_name;
    std::string_view description;
    std::vector<Label> labels = {};
};

using Metrics = std::map<std::string, json::object, std::less<>>;

void add(Metrics& all, std::string_view resource, Metric const& metric) {
    json::array labels;
    for (auto const& label : metric.labels) {
        json::object one{{"key", label.key}, {"description", label.description}};
        if (!label.type.empty()) one["valueType"] = label.type;
        labels.push_back(std::move(one));
    }
    json::object descriptor{
        {"type", metric.type},
        {"metricKind", metric.kind},
        {"valueType", metric.value_type},
        {"unit", metric.unit},
        {"description", metric.description},
        {"displayName", metric.display_name},
        {"metadata", {{"launchStage", "GA"}, {"samplePeriod", "60s"}, {"ingestDelay", "0s"}}},
        {"launchStage", "GA"},
        {"monitoredResourceTypes", json::array{resource}}};
    if (!labels.empty()) descriptor["labels"] = std::move(labels);
    all.emplace(metric.type, std::move(descriptor));
}

void add_run_metrics(Metrics& all) {
    std::vector<Label> const by_code{{"response_code", "Response code of a request."},
                                     {"response_code_class", "Its class: 2xx, 3xx, 4xx, 5xx."}};
    for (Metric const& metric :
         {Metric{"run.googleapis.com/request_count", "DELTA", "INT64", "1", "Request Count",
                 "Requests that reached the revision.", by_code},
          Metric{"run.googleapis.com/request_latencies", "DELTA", "DISTRIBUTION", "ms",
                 "Request Latency", "How long requests that reached the revision took.", by_code},
          Metric{"run.googleapis.com/container/instance_count",
                 "GAUGE",
                 "INT64",
                 "1",
                 "Instance Count",
                 "Container instances that exist, by state.",
                 {{"state", "active or idle."}}}}) {
        add(all, "cloud_run_revision", metric);
    }
}

void add_sql_metrics(Metrics& all) {
    struct Row {
        std::string_view name;
        std::string_view kind;
        std::string_view value_type;
        std::string_view unit;
        std::string_view display_name;
        std::string_view description;
    };
    constexpr std::string_view kGauge = "GAUGE";
    constexpr std::string_view kDelta = "DELTA";
    constexpr std::string_view kWhole = "INT64";
    constexpr std::string_view kReal = "DOUBLE";
    for (Row const& row : std::initializer_list<Row>{
             {"up", kGauge, kWhole, "1", "Server up", "1 while the server answers."},
             {"cpu/utilization", kGauge, kReal, "10^2.%", "CPU utilization",
              "Share of the reserved cores that is in use."},
             {"cpu/reserved_cores", kGauge, kReal, "1", "CPU reserved cores",
              "Cores that the tier has."},
             {"memory/quota", kGauge, kWhole, "By", "Memory quota", "Memory that the tier has."},
             {"memory/usage", kGauge, kWhole, "By", "Memory usage", "Memory in use."},
             {"memory/utilization", kGauge, kReal, "10^2.%", "Memory utilization",
              "Share of the quota that is in use."},
             {"disk/quota", kGauge, kWhole, "By", "Disk quota", "Size of the disk."},
             {"disk/bytes_used", kGauge, kWhole, "By", "Bytes used", "Bytes used on the disk."},
             {"disk/utilization", kGauge, kReal, "10^2.%", "Disk utilization",
              "Share of the quota that is in use."},
             {"network/connections", kGauge, kWhole, "1", "Cloud SQL Connections",
              "Connections to the databases."},
             {"network/received_bytes_count", kDelta, kWhole, "By", "Received bytes",
              "Bytes received through the network."},
             {"network/sent_bytes_count", kDelta, kWhole, "By", "Sent bytes",
              "Bytes sent through the network."},
             {"mysql/queries", kDelta, kWhole, "1", "Queries", "Statements that were executed."},
             {"mysql/questions", kDelta, kWhole, "1", "Questions", "Statements that clients sent."},
             {"mysql/innodb_buffer_pool_pages_dirty", kGauge, kWhole, "1", "InnoDB dirty pages",
              "Unflushed pages in the InnoDB buffer pool."},
             {"mysql/innodb_buffer_pool_pages_free", kGauge, kWhole, "1", "InnoDB free pages",
              "Unused pages in the InnoDB buffer pool."},
             {"mysql/innodb_buffer_pool_pages_total", kGauge, kWhole, "1", "InnoDB total pages",
              "Pages in the InnoDB buffer pool."}}) {
        auto const type = fmt::format("cloudsql.googleapis.com/database/{}", row.name);
        add(all, "cloudsql_database",
            {type, row.kind, row.value_type, row.unit, row.display_name, row.description});
    }
}

void add_storage_metrics(Metrics& all) {
    std::vector<Label> const by_class{{"storage_class", "Storage class of the data."}};
    for (Metric const& metric :
         {Metric{"storage.googleapis.com/storage/total_bytes", "GAUGE", "DOUBLE", "By",
                 "Total bytes", "Size of all objects in the bucket.", by_class},
          Metric{"storage.googleapis.com/storage/object_count", "GAUGE", "INT64", "1",
                 "Object count", "Objects in the bucket.", by_class}}) {
        add(all, "gcs_bucket", metric);
    }
}

Metrics const& metrics() {
    static Metrics const all = [] {
        Metrics made;
        add_run_metrics(made);
        add_sql_metrics(made);
        add_storage_metrics(made);
        return made;
    }();
    return all;
}

}  // namespace

json::object const* find_builtin_metric(std::string_view type) {
    auto const found = metrics().find(type);
    return found == metrics().end() ? nullptr : &found->second;
}

bool is_custom_metric(std::string_view type) {
    constexpr std::array<std::string_view, 3> kPrefixes{
        "custom.googleapis.com/", "external.googleapis.com/", "workload.googleapis.com/"};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
        return type.starts_with(prefix) && type.size() > prefix.size();
    });
}

std::string descriptor_name(Project const& project, std::string_view type) {
    return fmt::format("projects/{}/metricDescriptors/{}", project.id, type);
}

std::vector<json::object> builtin_metrics(Project const& project) {
    std::vector<json::object> shown;
    for (auto const& [type, metric] : metrics()) {
        auto& one = shown.emplace_back(metric);
        one["name"] = descriptor_name(project, type);
    }
    return shown;
}

}  // namespace aipress::sandbox
