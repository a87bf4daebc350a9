#include "sandbox/service_usage.h"

#include <fmt/format.h>
#include <memory>

#include "sandbox/filter.h"
#include "sandbox/limits.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr milliseconds kEnableTime{2'000};
constexpr std::string_view kTypes = "type.googleapis.com/google.api.serviceusage.v1.";

json::object service_view(Project const& project, std::string_view service, bool enabled) {
    return {{"name", fmt::format("projects/{}/services/{}", project.number, service)},
            {"parent", "projects/" + project.number},
            {"config", json::object{{"name", service}}},
            {"state", enabled ? "ENABLED" : "DISABLED"}};
}

// As an operation tells it.
json::object enabled_view(Project const& project, std::string_view service) {
    auto view = service_view(project, service, true);
    view.erase("config");
    return view;
}

Outcome<Done> check_service_name(std::string_view service) {
    if (service.find('.') != service.npos && service.find('/') == service.npos) return Done();
    return ApiError{
        .code = ErrorCode::PermissionDenied,
        .message = fmt::format("Not found or permission denied for service(s): {}.", service),
        .details = {error_info("SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED",
                               "serviceusage.googleapis.com",
                               {{"services", std::string(service)}})}};
}

class ServiceUsage {
public:
    ServiceUsage(Store& store, Operations const& operations)
        : store_(store), operations_(operations) {}

    Outcome<Reply> set_state(Call& call, bool enabled);
    Outcome<Reply> batch_enable(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> batch_get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> operation(Call& call);

private:
    Store& store_;
    Operations const& operations_;
};

Outcome<Reply> ServiceUsage::set_state(Call& call, bool enabled) {
    auto const& name = call.path_parameter("name");
    auto const service = std::string(segment(name, 3));
    TRY(check_service_name(service));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, segment(name, 1)));
        TRY(check_wholly_made(transaction, project));
        TRY(set_enabled(transaction, project, service, enabled));
        json::object response{
            {"@type", fmt::format("{}{}", kTypes,
                                  enabled ? "EnableServiceResponse" : "DisableServiceResponse")}};
        response["service"] =
            enabled ? enabled_view(project, service) : service_view(project, service, false);
        json::object metadata{{"@type", "type.googleapis.com/google.protobuf.Empty"},
                              {"value", json::object()}};
        return reply(TRY(operations_.start(transaction, call, "operations/acf.p2-",
                                           std::move(metadata), std::move(response), kEnableTime)));
    });
}

Outcome<Reply> ServiceUsage::batch_enable(Call& call) {
    auto const* const ids = call.fields().if_contains("serviceIds");
    if (ids == nullptr || ids->as_array().empty()) {
        return invalid_body({{"service_ids", "At least one service must be named."}});
    }
    if (ids->as_array().size() > limits::kBatchEnable) {
        return invalid_body({{"service_ids", fmt::format("A batch can enable at most {} services.",
                                                         limits::kBatchEnable)}});
    }
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, segment(call.path_parameter("parent"), 1)));
        TRY(check_wholly_made(transaction, project));
        json::array services;
        for (auto const& id : ids->as_array()) {  // all or none: an error undoes the others
            auto const service = std::string(id.as_string());
            TRY(check_service_name(service));
            TRY(set_enabled(transaction, project, service, true));
            services.push_back(enabled_view(project, service));
        }
        json::object metadata{{"@type", fmt::format("{}OperationMetadata", kTypes)}};
        json::object response{{"@type", fmt::format("{}BatchEnableServicesResponse", kTypes)},
                              {"services", std::move(services)}};
        return reply(TRY(operations_.start(transaction, call, "operations/acat.p2-",
                                           std::move(metadata), std::move(response), kEnableTime)));
    });
}

Outcome<Reply> ServiceUsage::get(Call& call) {
    auto const& name = call.path_parameter("name");
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, segment(name, 1)));
        auto const service = segment(name, 3);
        TRY(check_service_name(service));
        return reply(
            service_view(project, service, TRY(is_enabled(transaction, project, service))));
    });
}

Outcome<Reply> ServiceUsage::batch_get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, segment(call.path_parameter("parent"), 1)));
        json::array services;
        for (auto const& [name, value] : call.request.parameters) {
            if (name != "names") continue;
            auto const service = segment(value, 3);
            TRY(check_service_name(service));
            bool const enabled = TRY(is_enabled(transaction, project, service));
            services.push_back(service_view(project, service, enabled));
        }
        return reply(json::object{{"services", std::move(services)}});
    });
}

// Those that are on: the sandbox has no list of all the services that Google sells.
Outcome<Reply> ServiceUsage::list(Call& call) {
    auto const filter = TRY(Filter::parse(call.query("filter")));
    auto const most = TRY(call.page_size("pageSize", 50, 200));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, segment(call.path_parameter("parent"), 1)));
        auto page = TRY(list_enabled(transaction, project, start, most));
        json::object result;
        json::array services;
        for (auto const& service : page.services) {
            auto view = service_view(project, service, true);
            if (filter.matches(view)) services.push_back(std::move(view));
        }
        if (!services.empty()) result["services"] = std::move(services);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> ServiceUsage::operation(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(TRY(operations_.get(transaction, call.path_parameter("name"))));
    });
}

}  // namespace

void serve_service_usage(Methods& methods, Store& store, Operations const& operations) {
    auto const usage = std::make_shared<ServiceUsage>(store, operations);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("serviceusage.{}", verb), "v1", handler);
    };
    serve("services.enable", [=](Call& call) { return usage->set_state(call, true); });
    serve("services.disable", [=](Call& call) { return usage->set_state(call, false); });
    serve("services.batchEnable", [=](Call& call) { return usage->batch_enable(call); });
    serve("services.get", [=](Call& call) { return usage->get(call); });
    serve("services.batchGet", [=](Call& call) { return usage->batch_get(call); });
    serve("services.list", [=](Call& call) { return usage->list(call); });
    serve("operations.get", [=](Call& call) { return usage->operation(call); });
}

}  // namespace aipress::sandbox
