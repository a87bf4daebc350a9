#include "gcp/resource_manager.h"

#include "gcp/fields.h"
#include "gcp/operations.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "cloudresourcemanager.googleapis.com";
constexpr char const* kOperations = "/v3/";

std::string project_path(std::string const& project) {
    return "/v3/projects/" + http::percent_encoded(project);
}

}  // namespace

Outcome<json::object> ResourceManager::get_project(Context const& context,
                                                   std::string const& project) const {
    return connection_.call(context, {.api = kApi, .path = project_path(project)});
}

Outcome<Done> ResourceManager::list_projects(Context const& context, std::string const& parent,
                                             Connection::Visitor const& visit) const {
    return connection_.for_each(
        context, {.api = kApi, .path = "/v3/projects", .query = {{"parent", parent}}}, "projects",
        visit);
}

Outcome<json::object> ResourceManager::create_project(Context const& context,
                                                      json::object project) const {
    auto const id = text_of(project, "projectId");
    auto const parent = text_of(project, "parent");
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get_project(during, id);
        if (!found.ok()) {
            if (found.error().code() != ErrorCode::PermissionDenied) return found.release_error();
            return std::optional<json::object>();
        }
        if (!parent.empty() && text_of(*found, "parent") != parent) {
            return std::optional<json::object>();
        }
        return std::optional(json::object{{"name", "(found done)"}, {"done", true}});
    };
    auto operation = TRY(connection_.call(context, {.api = kApi,
                                                    .method = "POST",
                                                    .path = "/v3/projects",
                                                    .body = std::move(project),
                                                    .check = check}));
    TRY(wait_for_rpc(connection_, context, kApi, kOperations, std::move(operation)));
    return get_project(context, id);
}

Outcome<Done> ResourceManager::delete_project(Context const& context,
                                              std::string const& project) const {
    auto const found = TRY(get_project(context, project));
    if (text_of(found, "state") == "DELETE_REQUESTED") return Done();
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto const now = TRY(get_project(during, project));
        if (text_of(now, "state") != "DELETE_REQUESTED") return std::optional<json::object>();
        return std::optional(json::object{{"name", "(found done)"}, {"done", true}});
    };
    auto operation = TRY(connection_.call(
        context, {.api = kApi, .method = "DELETE", .path = project_path(project), .check = check}));
    TRY(wait_for_rpc(connection_, context, kApi, kOperations, std::move(operation)));
    return Done();
}

Outcome<Done> ResourceManager::grant(Context const& context, std::string const& project,
                                     IamBinding const& binding) const {
    TRY(change_policy(connection_, context, policy_calls(kApi, project_path(project), "POST"),
                      [&](json::object& policy) { return add_binding(policy, binding); }));
    return Done();
}

Outcome<Done> ResourceManager::revoke(Context const& context, std::string const& project,
                                      IamBinding const& binding) const {
    TRY(change_policy(connection_, context, policy_calls(kApi, project_path(project), "POST"),
                      [&](json::object& policy) { return remove_binding(policy, binding); }));
    return Done();
}

}  // namespace aipress::gcp
