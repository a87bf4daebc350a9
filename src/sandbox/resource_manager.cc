#include "sandbox/resource_manager.h"

#include <fmt/format.h>
#include <memory>

#include "sandbox/filter.h"
#include "sandbox/folders.h"
#include "sandbox/operation_fault.h"
#include "sandbox/policies.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr milliseconds kCreateTime{3'000};
constexpr milliseconds kChangeTime{500};
constexpr std::size_t kScanned = 500;  // documents of a list at a time

enum class View { V1, V3 };

json::object v1_parent(std::string_view name) {
    auto const type = segment(name, 0);
    return {{"type", type == "folders" ? "folder" : "organization"}, {"id", segment(name, 1)}};
}

Outcome<std::string> parent_of_v1(json::object const& content) {
    auto const* const parent = content.if_contains("parent");
    if (parent == nullptr) return std::string(kOrganization);
    auto const& fields = parent->as_object();
    auto const* const type = fields.if_contains("type");
    auto const* const id = fields.if_contains("id");
    if (type == nullptr || id == nullptr || (*type != "folder" && *type != "organization")) {
        return invalid_body({{"parent",
                              "parent must have a type, folder or organization, and an "
                              "id"}});
    }
    return fmt::format("{}s/{}", std::string(type->as_string()), std::string(id->as_string()));
}

json::value project_view(Project const& project, View view) {
    auto body = project.body;
    if (view == View::V3) {
        body["etag"] = etag_of(project.version);
        return body;
    }
    json::object v1{{"projectNumber", project.number},
                    {"projectId", project.id},
                    {"lifecycleState", body.at("state")},
                    {"name", body.at("displayName")},
                    {"createTime", body.at("createTime")},
                    {"parent", v1_parent(body.at("parent").as_string())}};
    if (auto const* labels = body.if_contains("labels")) v1["labels"] = *labels;
    return v1;
}

class ResourceManager {
public:
    ResourceManager(Store& store, Clock& clock, Operations const& operations)
        : store_(store), clock_(clock), operations_(operations) {}

    Outcome<Reply> create_project_v1(Call& call) {
        auto parent = TRY(parent_of_v1(call.fields()));
        return create(call, View::V1, text_field(call.fields(), "name"), std::move(parent));
    }
    Outcome<Reply> create_project_v3(Call& call) {
        auto parent = text_field(call.fields(), "parent");
        return create(call, View::V3, text_field(call.fields(), "displayName"),
                      parent.empty() ? std::string(kOrganization) : std::move(parent));
    }
    Outcome<Reply> get_project(std::string const& reference, View view) {
        return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
            return reply(project_view(TRY(find_project(transaction, reference)), view));
        });
    }
    Outcome<Reply> list_projects(Call& call, View view, Filter const& filter);
    Outcome<Reply> list_of_parent(Call& call);
    Outcome<Reply> patch_project(Call& call);
    Outcome<Reply> update_project_v1(Call& call);
    Outcome<Reply> move_project(Call& call);
    Outcome<Reply> operation(Call& call) {
        return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
            return reply(TRY(operations_.get(transaction, call.path_parameter("name"))));
        });
    }
    Outcome<Reply> set_state(Call const& call, std::string const& reference, std::string_view from,
                             std::string_view to, View view);

private:
    Outcome<Reply> create(Call& call, View view, std::string display_name, std::string parent);
    Outcome<Project> save(Transaction& transaction, Project project) {
        project.body["updateTime"] = timestamp(clock_.wall_now());
        project.version =
            TRY(transaction.update(kProjects, project.id, project.version, project.body));
        return project;
    }
    Store& store_;
    Clock& clock_;
    Operations const& operations_;
};

Outcome<Reply> ResourceManager::create(Call& call, View view, std::string display_name,
                                       std::string parent) {
    auto const& fields = call.fields();
    auto const* const labels = fields.if_contains("labels");
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(check_parent(transaction, parent));
        auto const project = TRY(create_project(
            transaction, clock_.wall_now(), text_field(fields, "projectId"), display_name, parent,
            labels != nullptr ? labels->as_object() : json::object()));
        auto const version = view == View::V1 ? "v1" : "v3";
        auto const metadata =
            view == View::V1 ? "v1.ProjectCreationStatus" : "v3.CreateProjectMetadata";
        if (auto const error = take_half_made(call)) {
            TRY(leave_half_made(transaction, project));
            return start_failing_change(operations_, transaction, call, metadata, *error,
                                        kCreateTime);
        }
        return start_change(
            operations_, transaction, call, metadata,
            with_type(project_view(project, view),
                      fmt::format("google.cloudresourcemanager.{}.Project", version)),
            kCreateTime);
    });
}

Outcome<Reply> ResourceManager::list_projects(Call& call, View view, Filter const& filter) {
    auto const most = TRY(call.page_size("pageSize", kScanned, kScanned));
    auto start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        json::array projects;
        do {
            auto page = TRY(transaction.list(kProjects, "", start, kScanned));
            start = page.next;
            for (auto& document : page.documents) {
                auto const project = TRY(find_project(transaction, document.name));
                auto shown = project_view(project, view);
                if (!filter.matches(shown.as_object())) continue;
                if (projects.size() == most) {
                    start = document.name;
                    break;
                }
                projects.push_back(std::move(shown));
            }
        } while (projects.size() < most && !start.empty());
        json::object result;
        if (!projects.empty()) result["projects"] = std::move(projects);
        if (!start.empty()) result["nextPageToken"] = page_token(start);
        return reply(std::move(result));
    });
}

// v3 projects.list: the direct children of a parent, deleted ones when asked for.
Outcome<Reply> ResourceManager::list_of_parent(Call& call) {
    auto const parent = call.query("parent");
    if (parent.empty()) {
        return invalid_body({{"parent", "parent field is required"}});
    }
    std::string filter = "parent=" + parent;
    if (call.query("showDeleted") != "true") filter += " state=ACTIVE";
    return list_projects(call, View::V3, TRY(Filter::parse(filter)));
}

Outcome<Reply> ResourceManager::patch_project(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto project = TRY(find_active_project(transaction, call.path_parameter("name")));
        auto const& fields = call.fields();
        if (auto const etag = text_field(fields, "etag");
            !etag.empty() && etag != etag_of(project.version)) {
            return ApiError{.code = ErrorCode::Aborted,
                            .message = "The etag does not match: read the project again."};
        }
        for (auto const* const name : {"displayName", "labels"}) {
            if (auto const* value = fields.if_contains(name)) project.body[name] = *value;
        }
        project = TRY(save(transaction, std::move(project)));
        return start_change(
            operations_, transaction, call, "v3.UpdateProjectMetadata",
            with_type(project_view(project, View::V3), "google.cloudresourcemanager.v3.Project"),
            kChangeTime);
    });
}

Outcome<Reply> ResourceManager::update_project_v1(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto project = TRY(find_active_project(transaction, call.path_parameter("projectId")));
        auto const& fields = call.fields();
        if (auto const name = text_field(fields, "name"); !name.empty()) {
            project.body["displayName"] = name;
        }
        project.body.erase("labels");
        if (auto const* labels = fields.if_contains("labels")) project.body["labels"] = *labels;
        project = TRY(save(transaction, std::move(project)));
        return reply(project_view(project, View::V1));
    });
}

Outcome<Reply> ResourceManager::move_project(Call& call) {
    auto const parent = text_field(call.fields(), "destinationParent");
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(check_parent(transaction, parent));
        auto project = TRY(find_active_project(transaction, call.path_parameter("name")));
        project.body["parent"] = parent;
        project = TRY(save(transaction, std::move(project)));
        return start_change(
            operations_, transaction, call, "v3.MoveProjectMetadata",
            with_type(project_view(project, View::V3), "google.cloudresourcemanager.v3.Project"),
            kChangeTime);
    });
}

Outcome<Reply> ResourceManager::set_state(Call const& call, std::string const& reference,
                                          std::string_view from, std::string_view to, View view) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto project = TRY(find_project(transaction, reference));
        if (text_field(project.body, "state") != from) {
            return ApiError{
                .code = ErrorCode::FailedPrecondition,
                .message = fmt::format("Project {} is not in the state {}.", project.id, from)};
        }
        project.body["state"] = to;
        if (to == "DELETE_REQUESTED") {
            project.body["deleteTime"] = timestamp(clock_.wall_now());
        } else {
            project.body.erase("deleteTime");
        }
        project = TRY(save(transaction, std::move(project)));
        if (view == View::V1) return reply(json::object());
        bool const is_deletion = to == "DELETE_REQUESTED";
        return start_change(
            operations_, transaction, call,
            is_deletion ? "v3.DeleteProjectMetadata" : "v3.UndeleteProjectMetadata",
            with_type(project_view(project, View::V3), "google.cloudresourcemanager.v3.Project"),
            kChangeTime);
    });
}

// "projects/p" of either version's path.
std::string project_name(Call const& call) {
    for (auto const* const name : {"name", "resource", "projectId"}) {
        if (auto const found = call.path.find(name); found != call.path.end()) {
            return std::string(without_prefix(found->second, "projects/"));
        }
    }
    return {};
}

void serve_v1(Methods& methods, std::shared_ptr<ResourceManager> const& manager) {
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("cloudresourcemanager.projects.{}", verb), "v1", handler);
    };
    serve("create", [=](Call& call) { return manager->create_project_v1(call); });
    serve("get", [=](Call& call) { return manager->get_project(project_name(call), View::V1); });
    serve("list", [=](Call& call) -> Outcome<Reply> {
        return manager->list_projects(call, View::V1, TRY(Filter::parse(call.query("filter"))));
    });
    serve("update", [=](Call& call) { return manager->update_project_v1(call); });
    serve("delete", [=](Call& call) {
        return manager->set_state(call, project_name(call), "ACTIVE", "DELETE_REQUESTED", View::V1);
    });
    serve("undelete", [=](Call& call) {
        return manager->set_state(call, project_name(call), "DELETE_REQUESTED", "ACTIVE", View::V1);
    });
}

void serve_v3(Methods& methods, std::shared_ptr<ResourceManager> const& manager) {
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("cloudresourcemanager.projects.{}", verb), "v3", handler);
    };
    serve("create", [=](Call& call) { return manager->create_project_v3(call); });
    serve("get", [=](Call& call) { return manager->get_project(project_name(call), View::V3); });
    serve("list", [=](Call& call) { return manager->list_of_parent(call); });
    serve("search", [=](Call& call) -> Outcome<Reply> {
        return manager->list_projects(call, View::V3, TRY(Filter::parse(call.query("query"))));
    });
    serve("patch", [=](Call& call) { return manager->patch_project(call); });
    serve("move", [=](Call& call) { return manager->move_project(call); });
    serve("delete", [=](Call& call) {
        return manager->set_state(call, project_name(call), "ACTIVE", "DELETE_REQUESTED", View::V3);
    });
    serve("undelete", [=](Call& call) {
        return manager->set_state(call, project_name(call), "DELETE_REQUESTED", "ACTIVE", View::V3);
    });
    methods.serve("cloudresourcemanager.operations.get", "",
                  [=](Call& call) { return manager->operation(call); });
}

}  // namespace

void serve_resource_manager(Methods& methods, Store& store, Clock& clock,
                            Operations const& operations) {
    auto const manager = std::make_shared<ResourceManager>(store, clock, operations);
    serve_v1(methods, manager);
    serve_v3(methods, manager);
    auto const project_policy = [](Transaction& transaction,
                                   Call const& call) -> Outcome<std::string> {
        return "projects/" + TRY(find_project(transaction, project_name(call))).number;
    };
    serve_policies(methods, store, "cloudresourcemanager.projects", "", project_policy);
    serve_folders(methods, store, clock, operations);
}

}  // namespace aipress::sandbox
