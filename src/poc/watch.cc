#include "poc/watch.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "poc/seed.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

std::string check_name(Tenant const& tenant) {
    return tenant.name + " front page";
}

std::string alert_name(Tenant const& tenant) {
    return tenant.name + " answers with errors";
}

json::object uptime_check(Tenant const& tenant) {
    json::object const front_page{
        {"path", "/"}, {"port", 443}, {"useSsl", true}, {"requestMethod", "GET"}};
    json::object const host{{"project_id", kProject}, {"host", tenant.host()}};
    return {{"displayName", check_name(tenant)},
            {"monitoredResource", {{"type", "uptime_url"}, {"labels", host}}},
            {"httpCheck", front_page},
            {"period", "300s"},
            {"timeout", "10s"},
            {"userLabels", {{"tenant", tenant.name}}}};
}

// More than one failed request a second, five minutes long.
json::object alert_policy(Tenant const& tenant) {
    auto const filter = fmt::format(
        "metric.type = \"run.googleapis.com/request_count\" AND resource.type = "
        "\"cloud_run_revision\" AND resource.labels.service_name = \"{}\" AND "
        "metric.labels.response_code_class = \"5xx\"",
        tenant.name);
    json::object const aggregation{{"alignmentPeriod", "60s"}, {"perSeriesAligner", "ALIGN_RATE"}};
    json::object const threshold{{"filter", filter},
                                 {"aggregations", json::array{aggregation}},
                                 {"comparison", "COMPARISON_GT"},
                                 {"thresholdValue", 1.0},
                                 {"duration", "300s"}};
    json::object const condition{{"displayName", "5xx"}, {"conditionThreshold", threshold}};
    return {{"displayName", alert_name(tenant)},
            {"combiner", "OR"},
            {"conditions", json::array{condition}},
            {"userLabels", {{"tenant", tenant.name}}}};
}

// Their names are Google's to choose, so what is there is found by the name that people see.
Result<json::array> find(Google& google, std::string_view kind, std::string_view shown_name) {
    auto const filter = fmt::format("display_name=\"{}\"", shown_name);
    auto const page =
        TRY(google.get(fmt::format("monitoring.googleapis.com/v3/projects/{}/{}"
                                   "?filter={}",
                                   kProject, kind, http::percent_encoded(filter))));
    auto const* const found = page.as_object().if_contains(kind);
    return found == nullptr ? json::array() : found->as_array();
}

Result<void> make_once(Google& google, std::string_view kind, std::string_view shown_name,
                       json::object const& wanted) {
    if (!TRY(find(google, kind, shown_name)).empty()) return {};
    TRY(google.post(fmt::format("monitoring.googleapis.com/v3/projects/{}/{}", kProject, kind),
                    wanted));
    // A call whose answer was lost has been made twice.
    auto const made = TRY(find(google, kind, shown_name));
    for (std::size_t i = 1; i < made.size(); ++i) {
        TRY(google.remove("monitoring.googleapis.com/v3/" + text_at(made[i], "/name")));
    }
    return {};
}

}  // namespace

Result<void> watch_site(Google& google, Tenant const& tenant) {
    TRY(make_once(google, "uptimeCheckConfigs", check_name(tenant), uptime_check(tenant)));
    return make_once(google, "alertPolicies", alert_name(tenant), alert_policy(tenant));
}

}  // namespace aipress::poc
