#include "sandbox/projects.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <regex>

#include "http/base64.h"
#include "sandbox/operations.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kNumbers = "project_numbers";
constexpr std::string_view kHalfMade = "half_made_projects";  // by number
constexpr std::string_view kServices = "enabled_services";
constexpr std::uint64_t kFirstNumber = 200'000'000'000;

// They answer for a project before anything can be switched on in it.
constexpr std::array<std::string_view, 7> kAlwaysOn{
    "cloudresourcemanager", "serviceusage", "cloudbilling", "storage",
    "iamcredentials",       "oauth2",       "orgpolicy"};
constexpr std::array<std::string_view, 11> kAllServices{
    "bigquery.googleapis.com", "compute.googleapis.com",       "dns.googleapis.com",
    "iam.googleapis.com",      "logging.googleapis.com",       "monitoring.googleapis.com",
    "run.googleapis.com",      "secretmanager.googleapis.com", "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com", "sql-component.googleapis.com"};

std::string service_key(Project const& project, std::string_view service) {
    return fmt::format("{}/{}", project.number, service);
}

bool is_project_id(std::string const& id) {
    static std::regex const pattern("[a-z][-a-z0-9]{4,28}[a-z0-9]");
    return std::regex_match(id, pattern);
}

}  // namespace

// The project's part of "projects/p/secrets/s", of a parameter called project, and the like.
std::string_view project_reference_of(Call const& call) {
    for (auto const& [name, value] : call.path) {
        if (value.starts_with("projects/")) return segment(value, 1);
        if (name == "project" || name == "projectId") return value;
    }
    return {};
}

ApiError permission_denied() {
    return {.code = ErrorCode::PermissionDenied, .message = "The caller does not have permission"};
}

std::string etag_of(std::uint64_t version) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(version >> shift);
    return http::encode_base64(bytes);
}

Outcome<Project> find_project(Transaction& transaction, std::string_view reference) {
    auto id = std::string(without_prefix(reference, "projects/"));
    if (auto const number = TRY(transaction.get(kNumbers, id))) {
        id = number->body.as_object().at("projectId").as_string();
    }
    auto found = TRY(transaction.get(kProjects, id));
    if (!found) return permission_denied();
    auto& body = found->body.as_object();
    auto number = std::string(segment(body.at("name").as_string(), 1));
    return Project{.id = std::move(id),
                   .number = std::move(number),
                   .version = found->version,
                   .body = std::move(body)};
}

Outcome<Project> find_active_project(Transaction& transaction, std::string_view reference) {
    auto project = TRY(find_project(transaction, reference));
    if (!project.is_active()) {
        return ApiError{.code = ErrorCode::PermissionDenied,
                        .message = fmt::format("Project '{}' has been deleted.", project.id),
                        .details = {error_info("CONSUMER_INVALID", "googleapis.com",
                                               {{"consumer", "projects/" + project.id}})}};
    }
    return project;
}

Outcome<Project> create_project(Transaction& transaction, WallTime now, std::string const& id,
                                std::string const& display_name, std::string parent,
                                json::object labels) {
    if (!is_project_id(id)) {
        return invalid_body({{"project_id", fmt::format("project_id '{}' must be 6 to 30 lowercase "
                                                        "letters, digits, or hyphens, begin with a "
                                                        "letter and not end with a hyphen",
                                                        id)}});
    }
    if (TRY(transaction.get(kProjects, id))) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = "Requested entity already exists"};
    }
    auto const number = fmt::format("{}", kFirstNumber + TRY(next_number(transaction, kNumbers)));
    auto const time = timestamp(now);
    Project project{.id = id, .number = number};
    project.body = {{"name", "projects/" + number},
                    {"parent", std::move(parent)},
                    {"projectId", id},
                    {"state", "ACTIVE"},
                    {"displayName", display_name.empty() ? id : display_name},
                    {"createTime", time},
                    {"updateTime", time}};
    if (!labels.empty()) project.body["labels"] = std::move(labels);
    TRY(transaction.insert(kNumbers, number, json::object{{"projectId", id}}));
    project.version = TRY(transaction.insert(kProjects, id, project.body));
    return project;
}

Outcome<bool> is_enabled(Transaction& transaction, Project const& project,
                         std::string_view service) {
    return TRY(transaction.get(kServices, service_key(project, service))).has_value();
}

Outcome<Done> set_enabled(Transaction& transaction, Project const& project,
                          std::string_view service, bool enabled) {
    if (TRY(is_enabled(transaction, project, service)) == enabled) return Done();
    auto const key = service_key(project, service);
    if (enabled) {
        TRY(transaction.insert(kServices, key, json::object()));
    } else {
        TRY(transaction.remove(kServices, key));
    }
    return Done();
}

Outcome<ServicePage> list_enabled(Transaction& transaction, Project const& project,
                                  std::string const& start, std::size_t most) {
    auto const prefix = service_key(project, "");
    auto const page = TRY(transaction.list(kServices, prefix, start, most));
    ServicePage result{.services = {}, .next = page.next};
    for (auto const& document : page.documents) {
        result.services.push_back(document.name.substr(prefix.size()));
    }
    return result;
}

Outcome<Done> check_service_enabled(Transaction& transaction, Call const& call) {
    auto const& api = *call.method.api;
    auto const reference = project_reference_of(call);
    bool const is_always_on =
        std::find(kAlwaysOn.begin(), kAlwaysOn.end(), api.service) != kAlwaysOn.end();
    if (is_always_on || reference.empty() || reference == "-" || reference == "_") return Done();
    auto const project = TRY(find_active_project(transaction, reference));
    auto const service = api.service + ".googleapis.com";
    if (TRY(is_enabled(transaction, project, service))) return Done();
    return ApiError{
        .code = ErrorCode::PermissionDenied,
        .message = fmt::format(
            "{0} API has not been used in project {1} before or it is disabled. Enable it by "
            "visiting https://console.developers.google.com/apis/api/{2}/overview?project={1} "
            "then retry. If you enabled this API recently, wait a few minutes for the action to "
            "propagate to our systems and retry.",
            api.service, project.number, service),
        .legacy_reason = "accessNotConfigured",
        .legacy_domain = "usageLimits",
        .details = {
            error_info("SERVICE_DISABLED", "googleapis.com",
                       {{"service", service}, {"consumer", "projects/" + project.number}})}};
}

Outcome<Done> leave_half_made(Transaction& transaction, Project const& project) {
    TRY(transaction.insert(kHalfMade, project.number, json::object()));
    return Done();
}

Outcome<Done> check_wholly_made(Transaction& transaction, Project const& project) {
    if (!TRY(transaction.get(kHalfMade, project.number))) return Done();
    return ApiError{
        .code = ErrorCode::FailedPrecondition,
        .message = fmt::format("Precondition check failed: project {} is not completely "
                               "created.",
                               project.id)};
}

Outcome<Done> make_first_resources(Transaction& transaction, WallTime now) {
    if (TRY(transaction.get(kProjects, kFirstProject))) return Done();
    auto const project = TRY(create_project(transaction, now, std::string(kFirstProject),
                                            "Sandbox project", std::string(kOrganization), {}));
    for (auto const service : kAllServices) {
        TRY(set_enabled(transaction, project, service, true));
    }
    TRY(transaction.insert("billing_info", project.id,
                           json::object{{"billingAccountName", kBillingAccount}}));
    return Done();
}

}  // namespace aipress::sandbox
