#include "sandbox/run/views.h"

#include <array>
#include <fmt/format.h>

#include "sandbox/resource_names.h"
#include "sandbox/run/changes.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

// What is kept beside the fields of the resource.
constexpr std::array<std::string_view, 7> kOwn{"templates", "served",   "problem", "routesProblem",
                                               "ready_ms",  "template", "pool"};

json::array shown_conditions(std::vector<Condition> const& conditions) {
    json::array shown;
    // Ready is told by itself.
    for (std::size_t i = 1; i < conditions.size(); ++i) {
        shown.push_back(v2_condition(conditions[i]));
    }
    return shown;
}

json::array traffic_statuses(json::object const& service, ServiceName const& name) {
    json::array statuses;
    auto const* const served = find_array(service, "served");
    if (served == nullptr) return statuses;
    for (auto const& one : *served) {
        auto status = one.as_object();
        if (auto const tag = text_field(status, "tag"); !tag.empty()) {
            status["uri"] = "https://" + name.tag_host(tag);
        }
        if (text_field(status, "type") == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST") {
            status.erase("revision");
        }
        statuses.push_back(std::move(status));
    }
    return statuses;
}

}  // namespace

std::string etag_text(std::uint64_t version) {
    return fmt::format("\"{:x}\"", version);
}

json::object service_view(Document const& document, ServiceName const& name, Moment const& moment) {
    auto const& body = document.body.as_object();
    auto shown = body;
    for (auto const own : kOwn) shown.erase(own);
    auto const conditions = service_conditions(body, moment);
    bool const is_reconciling = conditions[0].state == Condition::State::Reconciling;
    auto const generation = number_field(body, "generation", 1);
    shown["name"] = name.key();
    shown["template"] = body.at("template");
    shown["generation"] = std::to_string(generation);
    shown["observedGeneration"] = std::to_string(is_reconciling ? generation - 1 : generation);
    shown["terminalCondition"] = v2_condition(conditions[0]);
    shown["conditions"] = shown_conditions(conditions);
    for (auto const* const member : {"latestCreatedRevision", "latestReadyRevision"}) {
        auto const revision = text_field(body, member);
        if (!revision.empty()) shown[member] = name.revision_key(revision);
    }
    shown["trafficStatuses"] = traffic_statuses(body, name);
    shown["uri"] = "https://" + name.host();
    shown["urls"] = json::array{"https://" + name.numbered_host(), "https://" + name.host()};
    if (is_reconciling) shown["reconciling"] = true;
    shown["etag"] = etag_text(document.version);
    return shown;
}

json::object revision_view(Document const& document, ServiceName const& name,
                           json::object const& service, Moment const& moment) {
    auto const& body = document.body.as_object();
    auto const revision = segment(document.name, 7);
    auto shown = body.at("template").as_object();
    shown.erase("revision");
    shown["name"] = document.name;
    shown["service"] = name.service;
    for (auto const* const member : {"uid", "createTime"}) shown[member] = body.at(member);
    shown["updateTime"] = body.at("createTime");
    shown["generation"] = "1";
    shown["observedGeneration"] = "1";
    shown["launchStage"] = service.at("launchStage");
    auto const conditions = revision_conditions(body, routing_of(service, revision), moment);
    json::array all;
    for (auto const& condition : conditions) all.push_back(v2_condition(condition));
    shown["conditions"] = std::move(all);
    if (conditions[0].state == Condition::State::Reconciling) shown["reconciling"] = true;
    std::int64_t least = 0;
    if (auto const* const scaling = find_object(shown, "scaling")) {
        least = number_field(*scaling, "minInstanceCount", 0);
    }
    shown["scalingStatus"] = json::object{{"desiredMinInstanceCount", least}};
    shown["etag"] = etag_text(document.version);
    return shown;
}

}  // namespace aipress::sandbox::run
