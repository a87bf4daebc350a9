#include "sandbox/compute/documents.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <set>

#include "sandbox/operations.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::string_view kUsers = "compute_users";  // by "USED|USER"
constexpr std::uint64_t kFirstId = 4'000'000'000'000'000'000;
constexpr std::size_t kScanned = 1000;

// The fields whose value is the link of another resource, wherever they are in a body.
constexpr std::array<std::string_view, 15> kLinkFields{
    kUsedAddress, "backendBucket",   "backendService", "defaultService", "errorService",
    "group",      "healthChecks",    "network",        "networkProfile", "service",
    "subnetwork", "sslCertificates", "target",         "urlMap",         "pscTargetService"};
// A service of Cloud Run is named, not linked; a peering may be with what is not there yet.
constexpr std::array<std::string_view, 5> kOtherwise{"cloudRun", "cloudFunction", "appEngine",
                                                     "peerings", kHidden};
constexpr std::string_view kProfiles = "networkProfiles";  // Google's own: not kept here

template <std::size_t N>
bool is_one_of(std::array<std::string_view, N> const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

using LinkVisitor = std::function<Outcome<Done>(std::string const& field, json::value& link)>;

Outcome<Done> visit_links(json::value& value, std::string const& field, bool is_link,
                          LinkVisitor const& visit) {
    if (value.is_string()) {
        if (is_link && !value.get_string().empty()) return visit(field, value);
        return Done();
    }
    if (value.is_array()) {
        std::size_t index = 0;
        for (auto& inner : value.get_array()) {
            TRY(visit_links(inner, fmt::format("{}[{}]", field, index++), is_link, visit));
        }
    }
    if (!value.is_object()) return Done();
    for (auto& [name, inner] : value.get_object()) {
        if (is_one_of(kOtherwise, name)) continue;
        TRY(visit_links(inner, fmt::format("{}.{}", field, std::string_view(name)),
                        is_one_of(kLinkFields, name), visit));
    }
    return Done();
}

Outcome<std::set<std::string>> links_of(json::object const& body) {
    std::set<std::string> found;
    json::value copy = body;
    TRY(visit_links(copy, "resource", false, [&](std::string const&, json::value& link) {
        found.emplace(without_prefix(link.get_string(), kLinks));
        return Outcome<Done>(Done());
    }));
    return found;
}

std::string user_key(std::string_view used, std::string_view user) {
    return fmt::format("{}|{}", used, user);
}

// With the project's id, where a client wrote its number.
Outcome<std::string> with_project_id(Transaction& transaction, std::string path) {
    auto const written = segment(path, 1);
    auto project = find_project(transaction, written);
    if (!project.ok()) return path;
    auto const id = project.release().id;
    return fmt::format("projects/{}{}", id, path.substr(9 + written.size()));
}

ApiError legacy_error(ErrorCode code, int status, std::string reason, std::string message) {
    return {.code = code,
            .message = std::move(message),
            .http_status = status,
            .legacy_reason = std::move(reason)};
}

}  // namespace

std::string link_of(std::string_view path) {
    return fmt::format("{}{}", kLinks, path);
}

std::optional<std::string> path_of(std::string_view link, std::string_view project) {
    if (auto const scheme = link.find("//"); scheme != link.npos) {
        auto const slash = link.find('/', scheme + 2);
        if (slash == link.npos) return std::nullopt;
        link.remove_prefix(slash + 1);
    }
    if (link.starts_with("compute/")) {
        auto const version = segment(link, 1);
        link.remove_prefix(std::min(link.size(), 9 + version.size()));
    }
    std::string path(link);
    if (!link.starts_with("projects/")) path = fmt::format("projects/{}/{}", project, link);
    auto const scope = segment(path, 2);
    std::size_t const name = scope == "global" ? 4 : 5;
    bool const has_scope = scope == "global" || scope == "regions" || scope == "zones";
    if (!has_scope || segment(path, name).empty() || !segment(path, name + 1).empty()) {
        return std::nullopt;
    }
    return path;
}

std::string_view collection_of(std::string_view path) {
    return segment(path, segment(path, 2) == "global" ? 3 : 4);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

ApiError invalid_value(std::string_view field, std::string_view value, std::string_view why) {
    return legacy_error(ErrorCode::InvalidArgument, 400, "invalid",
                        fmt::format("Invalid value for field '{}': '{}'. {}", field, value, why));
}

ApiError required_field(std::string_view field) {
    return legacy_error(ErrorCode::InvalidArgument, 400, "required",
                        fmt::format("Required field '{}' not specified", field));
}

ApiError resource_not_found(std::string_view path) {
    auto message = collection_of(path) == "backendBuckets"
                       ? fmt::format("BackendBucket \"{}\" not found", path)
                       : fmt::format("The resource '{}' was not found", path);
    return legacy_error(ErrorCode::NotFound, 404, "notFound", std::move(message));
}

ApiError quota_exceeded(std::string_view quota, std::size_t limit) {
    return legacy_error(ErrorCode::PermissionDenied, 403, "quotaExceeded",
                        fmt::format("Quota '{}' exceeded.  Limit: {}.0 globally.", quota, limit));
}

Outcome<Document> find_resource(Transaction& transaction, std::string_view path) {
    auto found = TRY(transaction.get(kResources, path));
    if (!found) return resource_not_found(path);
    return std::move(*found);
}

Outcome<Done> check_ready(Document const& document, WallTime now) {
    auto const* const hidden = document.body.as_object().if_contains(kHidden);
    auto const* const ready =
        hidden == nullptr ? nullptr : hidden->as_object().if_contains("ready_ms");
    if (ready == nullptr || ready->to_number<std::int64_t>() <= milliseconds_of(now)) return Done();
    return legacy_error(ErrorCode::FailedPrecondition, 400, "resourceNotReady",
                        fmt::format("The resource '{}' is not ready", document.name));
}

Outcome<Document> find_ready(Transaction& transaction, std::string_view path, WallTime now) {
    auto document = TRY(find_resource(transaction, path));
    TRY(check_ready(document, now));
    return document;
}

Outcome<Done> link_body(Transaction& transaction, std::string_view project, json::object& body,
                        WallTime now) {
    json::value value = std::move(body);
    auto linked =
        visit_links(value, "resource", false,
                    [&](std::string const& field, json::value& link) -> Outcome<Done> {
                        auto path = path_of(link.get_string(), project);
                        if (!path) {
                            return invalid_value(field, link.get_string(), "The URL is malformed.");
                        }
                        auto const own_path = TRY(with_project_id(transaction, std::move(*path)));
                        link = link_of(own_path);
                        if (collection_of(own_path) == kProfiles) return Done();
                        TRY(find_ready(transaction, own_path, now));
                        return Done();
                    });
    body = std::move(value.get_object());
    return linked;
}

Outcome<std::uint64_t> insert_resource(Transaction& transaction, std::string_view path,
                                       json::object const& body) {
    for (auto const& used : TRY(links_of(body))) {
        TRY(transaction.insert(kUsers, user_key(used, path), json::object()));
    }
    return TRY(transaction.insert(kResources, path, body));
}

Outcome<Done> update_resource(Transaction& transaction, std::string_view path,
                              json::object const& before, json::object const& body) {
    auto const old_links = TRY(links_of(before));
    auto const links = TRY(links_of(body));
    for (auto const& used : old_links) {
        if (!links.contains(used)) TRY(transaction.remove(kUsers, user_key(used, path)));
    }
    for (auto const& used : links) {
        if (old_links.contains(used)) continue;
        TRY(transaction.insert(kUsers, user_key(used, path), json::object()));
    }
    TRY(transaction.update(kResources, path, std::nullopt, body));
    return Done();
}

Outcome<Done> remove_resource(Transaction& transaction, Document const& document) {
    for (auto const& used : TRY(links_of(document.body.as_object()))) {
        TRY(transaction.remove(kUsers, user_key(used, document.name)));
    }
    TRY(transaction.remove(kResources, document.name));
    return Done();
}

Outcome<std::vector<std::string>> users_of(Transaction& transaction, std::string_view path) {
    auto const prefix = user_key(path, "");
    std::vector<std::string> users;
    std::string start;
    do {
        auto const page = TRY(transaction.list(kUsers, prefix, start, kScanned));
        for (auto const& document : page.documents) {
            users.push_back(document.name.substr(prefix.size()));
        }
        start = page.next;
    } while (!start.empty());
    return users;
}

Outcome<Done> check_unused(Transaction& transaction, std::string_view path) {
    auto const users = TRY(users_of(transaction, path));
    if (users.empty()) return Done();
    auto collection = collection_of(path);
    if (collection.ends_with("sses") || collection.ends_with("xies")) {
        collection.remove_suffix(collection.ends_with("xies") ? 3 : 2);
    } else {
        collection.remove_suffix(1);
    }
    return legacy_error(
        ErrorCode::FailedPrecondition, 400, "resourceInUseByAnotherResource",
        fmt::format("The {}{} resource '{}' is already being used by '{}'", collection,
                    collection.ends_with("Prox") ? "y" : "", path, users.front()));
}

Outcome<std::uint64_t> next_id(Transaction& transaction) {
    return kFirstId + TRY(next_number(transaction, "compute_ids"));
}

}  // namespace aipress::sandbox::compute
