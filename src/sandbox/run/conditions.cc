#include "sandbox/run/conditions.h"

#include <array>
#include <fmt/format.h>

#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;
using State = Condition::State;

bool is_reconciling(json::object const& body, Moment const& moment) {
    return body.at("ready_ms").to_number<std::int64_t>() > milliseconds_of(moment.now);
}

struct Problem {
    std::string reason;
    std::string message;
};

Problem problem_of(json::object const& body, std::string_view member) {
    auto const* const problem = find_object(body, member);
    if (problem == nullptr) return {};
    return {.reason = text_field(*problem, "reason"), .message = text_field(*problem, "message")};
}

// What is stored, else what this machine lacks.
Problem revision_problem(json::object const& body, Moment const& moment) {
    auto problem = problem_of(body, "problem");
    if (problem.message.empty() && !moment.host_problem.empty()) {
        problem = {.reason = "ContainerMissing", .message = moment.host_problem};
    }
    return problem;
}

Condition condition(std::string type, Problem const& problem, std::string const& time) {
    return {.type = std::move(type),
            .state = problem.message.empty() ? State::Succeeded : State::Failed,
            .reason = problem.reason,
            .message = problem.message,
            .time = time};
}

// v1's reason: v2's enumerator.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kReasons{
    {{"ContainerMissing", "CONTAINER_MISSING"},
     {"SecretsAccessCheckFailed", "SECRETS_ACCESS_CHECK_FAILED"},
     {"RevisionFailed", "REVISION_FAILED"},
     {"RevisionMissing", "REVISION_FAILED"},
     {"HealthCheckContainerError", "UNKNOWN"}}};

}  // namespace

std::vector<Condition> service_conditions(json::object const& service, Moment const& moment) {
    auto const time = text_field(service, "updateTime");
    auto configurations = revision_problem(service, moment);
    if (!configurations.message.empty()) {
        configurations = {
            .reason = "RevisionFailed",
            .message =
                fmt::format("Revision '{}' is not ready and cannot serve traffic. {}",
                            text_field(service, "latestCreatedRevision"), configurations.message)};
    }
    auto const routes = problem_of(service, "routesProblem");
    auto const& ready = configurations.message.empty() ? routes : configurations;
    std::vector<Condition> conditions{condition("Ready", ready, time),
                                      condition("ConfigurationsReady", configurations, time),
                                      condition("RoutesReady", routes, time)};
    if (is_reconciling(service, moment)) {
        for (auto& one : conditions) {
            one.state = State::Reconciling;
            one.reason.clear();
            one.message.clear();
        }
    }
    return conditions;
}

std::vector<Condition> revision_conditions(json::object const& revision, Routing routing,
                                           Moment const& moment) {
    auto const time = text_field(revision, "createTime");
    auto const problem = revision_problem(revision, moment);
    std::vector<Condition> conditions{
        condition("Ready", problem, time), condition("ContainerHealthy", problem, time),
        condition("ResourcesAvailable", {}, time), condition("Active", {}, time)};
    if (is_reconciling(revision, moment)) {
        for (auto& one : conditions) {
            one.state = State::Reconciling;
            one.reason.clear();
            one.message.clear();
        }
    }
    auto& active = conditions.back();
    active.is_information = true;
    if (routing == Routing::Retired) {
        active.state = State::Failed;
        active.reason = "Retired";
        active.message = "Revision retired.";
    }
    return conditions;
}

json::object v2_condition(Condition const& condition) {
    json::object shown{{"type", condition.type},
                       {"state", condition.state == State::Succeeded ? "CONDITION_SUCCEEDED"
                                 : condition.state == State::Failed  ? "CONDITION_FAILED"
                                                                     : "CONDITION_RECONCILING"},
                       {"lastTransitionTime", condition.time}};
    if (!condition.message.empty()) shown["message"] = condition.message;
    if (condition.is_information) shown["severity"] = "INFO";
    if (condition.reason == "Retired") shown["revisionReason"] = "RETIRED";
    for (auto const& [reason, enumerator] : kReasons) {
        if (condition.reason == reason) shown["reason"] = enumerator;
    }
    return shown;
}

json::object v1_condition(Condition const& condition) {
    json::object shown{{"type", condition.type},
                       {"status", condition.state == State::Succeeded ? "True"
                                  : condition.state == State::Failed  ? "False"
                                                                      : "Unknown"},
                       {"lastTransitionTime", condition.time}};
    if (!condition.message.empty()) shown["message"] = condition.message;
    if (!condition.reason.empty()) shown["reason"] = condition.reason;
    if (condition.is_information) shown["severity"] = "Info";
    return shown;
}

}  // namespace aipress::sandbox::run
