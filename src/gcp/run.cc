#include "gcp/run.h"

#include <algorithm>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"
#include "gcp/operations.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "run.googleapis.com";
constexpr char const* kOperations = "/v2/";

std::string services_path(std::string const& project, std::string const& location) {
    return fmt::format("/v2/projects/{}/locations/{}/services", http::percent_encoded(project),
                       http::percent_encoded(location));
}

std::string service_path(RunServiceName const& name) {
    return fmt::format("{}/{}", services_path(name.project, name.location),
                       http::percent_encoded(name.service));
}

// Somebody else wrote it in between; or this did, and the answer was lost: reading it again tells.
bool is_worth_another_look(ApiError const& error) {
    return error.code() == ErrorCode::Aborted || error.is_condition_not_met() ||
           error.retry == Retry::WhenIdempotent;
}

// What a check answers for a service that is there: an operation that is over. Whether the service
// is ready is asked afterwards in any case.
json::object finished() {
    return {{"name", "(found done)"}, {"done", true}};
}

}  // namespace

Outcome<json::object> CloudRun::get_service(Context const& context,
                                            RunServiceName const& name) const {
    return connection_.call(context,
                            {.api = kApi, .path = service_path(name), .region = name.location});
}

Outcome<Done> CloudRun::list_services(Context const& context, std::string const& project,
                                      std::string const& location,
                                      Connection::Visitor const& visit) const {
    return connection_.for_each(
        context, {.api = kApi, .path = services_path(project, location), .region = location},
        "services", visit);
}

Outcome<json::object> CloudRun::wait_until_ready(Context const& context,
                                                 RunServiceName const& name) const {
    for (auto interval = limits::kPollFirst;;
         interval = std::min(interval * 3 / 2, limits::kPollMost)) {
        auto service = TRY(get_service(context, name));
        auto const* const condition = object_of(service, "terminalCondition");
        auto const state = condition == nullptr ? "" : text_of(*condition, "state");
        bool const is_settled = !bool_of(service, "reconciling");
        if (is_settled && state == "CONDITION_SUCCEEDED") return service;
        if (condition != nullptr && is_settled && state == "CONDITION_FAILED") {
            return Error(
                ErrorCode::FailedPrecondition,
                fmt::format("service {} is not ready: {} ({})", name.service,
                            text_of(*condition, "message"), text_of(*condition, "reason")));
        }
        if (!context.sleep(interval)) {
            if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
            return Error(ErrorCode::DeadlineExceeded,
                         fmt::format("service {} is not ready yet: {}", name.service,
                                     condition == nullptr ? "" : text_of(*condition, "message")));
        }
    }
}

Outcome<json::object> CloudRun::create_service(Context const& context, RunServiceName const& name,
                                               json::object service) const {
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get_service(during, name);
        if (found.ok()) return std::optional(finished());
        if (found.error().code() == ErrorCode::NotFound) return std::optional<json::object>();
        return found.release_error();
    };
    auto operation =
        TRY(connection_.call(context, {.api = kApi,
                                       .method = "POST",
                                       .path = services_path(name.project, name.location),
                                       .query = {{"serviceId", name.service}},
                                       .body = std::move(service),
                                       .check = check,
                                       .region = name.location}));
    TRY(wait_at_server(connection_, context, kApi, kOperations, std::move(operation)));
    return wait_until_ready(context, name);
}

Outcome<json::object> CloudRun::update_service(Context const& context, RunServiceName const& name,
                                               Change const& change) const {
    for (Retries retries(context, connection_.retry_policy());;) {
        auto service = TRY(get_service(context, name));
        if (!change(service)) return wait_until_ready(context, name);
        auto begun = connection_.call(context, {.api = kApi,
                                                .method = "PATCH",
                                                .path = service_path(name),
                                                .body = service,
                                                .region = name.location});
        if (begun.ok()) {
            TRY(wait_at_server(connection_, context, kApi, kOperations, begun.release()));
            return wait_until_ready(context, name);
        }
        auto error = begun.release_error();
        if (!is_worth_another_look(error)) return error;
        error.retry = Retry::Always;
        if (!retries.wait_after(error)) return error;
    }
}

Outcome<json::object> CloudRun::get_revision(Context const& context, RunServiceName const& name,
                                             std::string const& revision) const {
    return connection_.call(context, {.api = kApi,
                                      .path = fmt::format("{}/revisions/{}", service_path(name),
                                                          http::percent_encoded(revision)),
                                      .region = name.location});
}

Outcome<json::object> CloudRun::wait_until_observed(Context const& context,
                                                    RunServiceName const& name,
                                                    Observed const& is_observed) const {
    for (auto interval = limits::kQuickPollFirst;;
         interval = std::min(interval * 3 / 2, limits::kQuickPollMost)) {
        auto service = TRY(get_service(context, name));
        if (is_observed(service)) return service;
        auto const* const condition = object_of(service, "terminalCondition");
        auto const why = condition == nullptr ? "" : text_of(*condition, "message");
        bool const is_failed =
            condition != nullptr && text_of(*condition, "state") == "CONDITION_FAILED";
        if (!bool_of(service, "reconciling") && is_failed) {
            return Error(
                ErrorCode::FailedPrecondition,
                fmt::format("service {} did not take its traffic over: {}", name.service, why));
        }
        if (!context.sleep(interval)) {
            if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
            return Error(
                ErrorCode::DeadlineExceeded,
                fmt::format("the traffic of service {} is not moved yet: {}", name.service, why));
        }
    }
}

Outcome<json::object> CloudRun::update_traffic(Context const& context, RunServiceName const& name,
                                               Traffic const& traffic,
                                               Observed const& is_observed) const {
    for (Retries retries(context, connection_.retry_policy());;) {
        auto const service = TRY(get_service(context, name));
        auto wanted = traffic(service);
        if (!wanted) return wait_until_observed(context, name, is_observed);
        auto begun =
            connection_.call(context, {.api = kApi,
                                       .method = "PATCH",
                                       .path = service_path(name),
                                       .query = {{"updateMask", "traffic"}},
                                       .body = json::object{{"traffic", std::move(*wanted)},
                                                            {"etag", text_of(service, "etag")}},
                                       .region = name.location});
        if (begun.ok()) {
            auto ended = wait_at_server(connection_, context, kApi, kOperations, begun.release());
            if (ended.ok()) return wait_until_observed(context, name, is_observed);
            if (context.stopped() || context.expired()) return ended.release_error();
            // It may be of a revision that the traffic has nothing to do with, or have undone the
            // change: the next look tells.
            auto failure = ended.release_error();
            failure.retry = Retry::Always;
            if (!retries.wait_after(failure)) return failure;
            continue;
        }
        auto error = begun.release_error();
        if (!is_worth_another_look(error)) return error;
        error.retry = Retry::Always;
        if (!retries.wait_after(error)) return error;
    }
}

Outcome<Done> CloudRun::delete_service(Context const& context, RunServiceName const& name) const {
    auto begun = connection_.call(context, {.api = kApi,
                                            .method = "DELETE",
                                            .path = service_path(name),
                                            .idempotent = Idempotent::Yes,
                                            .region = name.location});
    if (!begun.ok()) {
        if (begun.error().code() == ErrorCode::NotFound) return Done();
        return begun.release_error();
    }
    TRY(wait_at_server(connection_, context, kApi, kOperations, begun.release()));
    return Done();
}

Outcome<json::object> CloudRun::get_policy(Context const& context,
                                           RunServiceName const& name) const {
    return connection_.call(context, policy_calls(kApi, service_path(name), "GET").read);
}

Outcome<Done> CloudRun::grant(Context const& context, RunServiceName const& name,
                              IamBinding const& binding) const {
    TRY(change_policy(connection_, context, policy_calls(kApi, service_path(name), "GET"),
                      [&](json::object& policy) { return add_binding(policy, binding); }));
    return Done();
}

}  // namespace aipress::gcp
