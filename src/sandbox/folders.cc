#include "sandbox/folders.h"

#include <fmt/format.h>
#include <memory>

#include "sandbox/filter.h"
#include "sandbox/policies.h"
#include "sandbox/projects.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr milliseconds kCreateTime{3'000};
constexpr milliseconds kChangeTime{500};
constexpr std::size_t kScanned = 500;  // documents of a list at a time
constexpr int kFoldersOfAParent = 300;
constexpr int kFolderDepth = 10;
constexpr std::uint64_t kFirstFolder = 300'000'000'000;

json::value organization_view(std::string_view version) {
    json::object body{{"name", kOrganization}, {"displayName", "sandbox.example"}};
    body[version == "v1" ? "lifecycleState" : "state"] = "ACTIVE";
    return body;
}

json::value folder_view(Document const& folder) {
    auto body = folder.body.as_object();
    body["etag"] = etag_of(folder.version);
    return body;
}

Outcome<Document> find_folder(Transaction& transaction, std::string const& name) {
    auto found = TRY(transaction.get(kFolders, name));
    if (!found) return permission_denied();
    return std::move(*found);
}

Outcome<Done> check_place(Transaction& transaction, std::string const& parent,
                          std::string const& display_name, std::string const& except) {
    if (display_name.size() < 3 || display_name.size() > 30) {
        return invalid_body({{"display_name", "display_name must have 3 to 30 characters"}});
    }
    TRY(check_parent(transaction, parent));
    int depth = 1;
    for (auto above = parent; above.starts_with("folders/"); ++depth) {
        if (above == except) {
            return ApiError{
                .code = ErrorCode::FailedPrecondition,
                .message = "CYCLE_INTRODUCED_VIOLATION: a folder may not be below itself"};
        }
        above = text_field(TRY(find_folder(transaction, above)).body.as_object(), "parent");
    }
    if (depth > kFolderDepth) {
        return ApiError{.code = ErrorCode::FailedPrecondition,
                        .message = "FOLDER_HEIGHT_VIOLATION: folders may be nested 10 deep"};
    }
    int siblings = 0;
    std::string start;
    do {
        auto const page = TRY(transaction.list(kFolders, "", start, kScanned));
        start = page.next;
        for (auto const& other : page.documents) {
            auto const& fields = other.body.as_object();
            if (other.name == except || text_field(fields, "parent") != parent ||
                fields.at("state") != "ACTIVE") {
                continue;
            }
            ++siblings;
            if (text_field(fields, "displayName") != display_name) continue;
            return ApiError{.code = ErrorCode::FailedPrecondition,
                            .message =
                                "FOLDER_NAME_UNIQUENESS_VIOLATION: another active folder "
                                "with the same parent has this display name"};
        }
    } while (!start.empty());
    if (siblings >= kFoldersOfAParent) {
        return ApiError{.code = ErrorCode::FailedPrecondition,
                        .message = "MAX_CHILD_FOLDERS_VIOLATION: a parent has at most 300 folders"};
    }
    return Done();
}

// Errors: FailedPrecondition while an active folder or project is in it.
Outcome<Done> check_empty(Transaction& transaction, std::string const& folder) {
    for (auto const collection : {kFolders, kProjects}) {
        std::string start;
        do {
            auto const page = TRY(transaction.list(collection, "", start, kScanned));
            start = page.next;
            for (auto const& child : page.documents) {
                auto const& fields = child.body.as_object();
                if (text_field(fields, "parent") != folder || fields.at("state") != "ACTIVE") {
                    continue;
                }
                return ApiError{.code = ErrorCode::FailedPrecondition,
                                .message =
                                    "FOLDER_TO_DELETE_NON_EMPTY_VIOLATION: the folder must "
                                    "not contain any active folders or projects"};
            }
        } while (!start.empty());
    }
    return Done();
}

class Folders {
public:
    Folders(Store& store, Clock& clock, Operations const& operations)
        : store_(store), clock_(clock), operations_(operations) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call, Filter const& filter);
    Outcome<Reply> rename(Call& call);
    Outcome<Reply> move(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> restore(Call& call);

private:
    using Change = std::function<Outcome<Done>(Transaction&, std::string const&, json::object&)>;
    Outcome<Reply> change(Call& call, Change const& change, std::string_view metadata);
    Outcome<Reply> set_state(Call& call, std::string_view from, std::string_view to,
                             std::string_view metadata);

    Store& store_;
    Clock& clock_;
    Operations const& operations_;
};

Outcome<Reply> Folders::create(Call& call) {
    auto const& fields = call.fields();
    auto const parent = text_field(fields, "parent");
    auto const display_name = text_field(fields, "displayName");
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(check_place(transaction, parent, display_name, ""));
        auto const number = kFirstFolder + TRY(next_number(transaction, kFolders));
        auto const time = timestamp(clock_.wall_now());
        Document folder{.name = fmt::format("folders/{}", number)};
        folder.body =
            json::object{{"name", folder.name}, {"parent", parent},   {"displayName", display_name},
                         {"state", "ACTIVE"},   {"createTime", time}, {"updateTime", time}};
        folder.version = TRY(transaction.insert(kFolders, folder.name, folder.body));
        return start_change(operations_, transaction, call, "v3.CreateFolderMetadata",
                            with_type(folder_view(folder), "google.cloudresourcemanager.v3.Folder"),
                            kCreateTime);
    });
}

Outcome<Reply> Folders::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(folder_view(TRY(find_folder(transaction, call.path_parameter("name")))));
    });
}

Outcome<Reply> Folders::list(Call& call, Filter const& filter) {
    auto const most = TRY(call.page_size("pageSize", 100, 1000));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const page = TRY(transaction.list(kFolders, "", start, most));
        json::array folders;
        for (auto const& folder : page.documents) {
            auto shown = folder_view(folder);
            if (filter.matches(shown.as_object())) folders.push_back(std::move(shown));
        }
        json::object result;
        if (!folders.empty()) result["folders"] = std::move(folders);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Folders::change(Call& call, Change const& change, std::string_view metadata) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto folder = TRY(find_folder(transaction, call.path_parameter("name")));
        TRY(change(transaction, folder.name, folder.body.as_object()));
        folder.body.as_object()["updateTime"] = timestamp(clock_.wall_now());
        folder.version =
            TRY(transaction.update(kFolders, folder.name, folder.version, folder.body));
        if (metadata.empty()) return reply(folder_view(folder));
        return start_change(operations_, transaction, call, metadata,
                            with_type(folder_view(folder), "google.cloudresourcemanager.v3.Folder"),
                            kChangeTime);
    });
}

Outcome<Reply> Folders::rename(Call& call) {
    auto const display_name = text_field(call.fields(), "displayName");
    return change(
        call,
        [&](Transaction& transaction, std::string const& name,
            json::object& folder) -> Outcome<Done> {
            TRY(check_place(transaction, text_field(folder, "parent"), display_name, name));
            folder["displayName"] = display_name;
            return Done();
        },
        "v3.UpdateFolderMetadata");
}

Outcome<Reply> Folders::move(Call& call) {
    auto const parent = text_field(call.fields(), "destinationParent");
    return change(
        call,
        [&](Transaction& transaction, std::string const& name,
            json::object& folder) -> Outcome<Done> {
            TRY(check_place(transaction, parent, text_field(folder, "displayName"), name));
            folder["parent"] = parent;
            return Done();
        },
        "v3.MoveFolderMetadata");
}

Outcome<Reply> Folders::set_state(Call& call, std::string_view from, std::string_view to,
                                  std::string_view metadata) {
    return change(
        call,
        [&](Transaction& transaction, std::string const& name,
            json::object& folder) -> Outcome<Done> {
            if (to != "ACTIVE") TRY(check_empty(transaction, name));
            if (text_field(folder, "state") != from) {
                return ApiError{.code = ErrorCode::FailedPrecondition,
                                .message = fmt::format("{} is not in the state {}.", name, from)};
            }
            folder["state"] = to;
            return Done();
        },
        metadata);
}

Outcome<Reply> Folders::remove(Call& call) {
    return set_state(call, "ACTIVE", "DELETE_REQUESTED", "v3.DeleteFolderMetadata");
}

Outcome<Reply> Folders::restore(Call& call) {
    return set_state(call, "DELETE_REQUESTED", "ACTIVE", "v3.UndeleteFolderMetadata");
}

void serve_organization(Methods& methods, Store& store) {
    methods.serve("cloudresourcemanager.organizations.get", "", [](Call& call) -> Outcome<Reply> {
        if (call.path_parameter("name") != kOrganization) return permission_denied();
        return reply(organization_view(call.method.api->version));
    });
    methods.serve("cloudresourcemanager.organizations.search", "", [](Call& call) {
        return reply(json::object{
            {"organizations", json::array{organization_view(call.method.api->version)}}});
    });
    serve_policies(methods, store, "cloudresourcemanager.organizations", "",
                   [](Transaction&, Call const& call) -> Outcome<std::string> {
                       if (call.path_parameter("resource") != kOrganization) {
                           return permission_denied();
                       }
                       return std::string(kOrganization);
                   });
}

}  // namespace

Outcome<Done> check_parent(Transaction& transaction, std::string const& parent) {
    if (parent == kOrganization) return Done();
    auto const folder = TRY(transaction.get(kFolders, parent));
    if (folder && folder->body.at("state") == "ACTIVE") return Done();
    return permission_denied();
}

void serve_folders(Methods& methods, Store& store, Clock& clock, Operations const& operations) {
    auto const folders = std::make_shared<Folders>(store, clock, operations);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("cloudresourcemanager.folders.{}", verb), "v3", handler);
    };
    serve("create", [=](Call& call) { return folders->create(call); });
    serve("get", [=](Call& call) { return folders->get(call); });
    serve("list", [=](Call& call) -> Outcome<Reply> {
        std::string filter = "parent=" + call.query("parent");
        if (call.query("showDeleted") != "true") filter += " state=ACTIVE";
        return folders->list(call, TRY(Filter::parse(filter)));
    });
    serve("search", [=](Call& call) -> Outcome<Reply> {
        return folders->list(call, TRY(Filter::parse(call.query("query"))));
    });
    serve("patch", [=](Call& call) { return folders->rename(call); });
    serve("move", [=](Call& call) { return folders->move(call); });
    serve("delete", [=](Call& call) { return folders->remove(call); });
    serve("undelete", [=](Call& call) { return folders->restore(call); });
    serve_policies(methods, store, "cloudresourcemanager.folders", "v3",
                   [](Transaction& transaction, Call const& call) -> Outcome<std::string> {
                       return TRY(find_folder(transaction, call.path_parameter("resource"))).name;
                   });
    serve_organization(methods, store);
}

}  // namespace aipress::sandbox
