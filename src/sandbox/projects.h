// The hierarchy that everything hangs in: organization, folders, projects, by id and by number.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/outcome.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

inline constexpr std::string_view kOrganization = "organizations/100000000001";
inline constexpr std::string_view kBillingAccount = "billingAccounts/000000-AAAAAA-000000";
inline constexpr std::string_view kFirstProject = "sandbox-project";

// Collections of the store; a resource's name is its key.
inline constexpr std::string_view kProjects = "projects";  // by id
inline constexpr std::string_view kFolders = "folders";

struct Project {
    std::string id;
    std::string number;
    std::uint64_t version = 0;
    boost::json::object body = {};  // cloudresourcemanager v3 Project, without its etag

    [[nodiscard]] bool is_active() const { return body.at("state") == "ACTIVE"; }
};

// "p", "projects/p", or the number in place of the id. Errors: PermissionDenied when there is none,
// as Google does not tell strangers what exists.
[[nodiscard]] Outcome<Project> find_project(Transaction& transaction, std::string_view reference);
// The same, and not deleted.
[[nodiscard]] Outcome<Project> find_active_project(Transaction& transaction,
                                                   std::string_view reference);

// REQUIRES: its parent exists. Errors: AlreadyExists, InvalidArgument.
[[nodiscard]] Outcome<Project> create_project(Transaction& transaction, WallTime now,
                                              std::string const& id,
                                              std::string const& display_name, std::string parent,
                                              boost::json::object labels);

// Services (APIs) of a project: "run.googleapis.com".
[[nodiscard]] Outcome<bool> is_enabled(Transaction& transaction, Project const& project,
                                       std::string_view service);
[[nodiscard]] Outcome<Done> set_enabled(Transaction& transaction, Project const& project,
                                        std::string_view service, bool enabled);

struct ServicePage {
    std::vector<std::string> services;
    std::string next;  // where the next page begins; empty: there is none
};
[[nodiscard]] Outcome<ServicePage> list_enabled(Transaction& transaction, Project const& project,
                                                std::string const& start, std::size_t most);

// The id or number of the project that a call names in its path; "" when it names none.
[[nodiscard]] std::string_view project_reference_of(Call const& call);

// The project that a call is about, from its path: nullopt when it names none. Errors:
// PermissionDenied with SERVICE_DISABLED when its API is off there.
[[nodiscard]] Outcome<Done> check_service_enabled(Transaction& transaction, Call const& call);

// A project whose creation broke off: it is listed, and can be deleted, but neither billed nor
// used. Its only way out is to delete it.
[[nodiscard]] Outcome<Done> leave_half_made(Transaction& transaction, Project const& project);
// Errors: FailedPrecondition for such a one.
[[nodiscard]] Outcome<Done> check_wholly_made(Transaction& transaction, Project const& project);

// What a new sandbox begins with: organization, billing account, one project with every API on.
[[nodiscard]] Outcome<Done> make_first_resources(Transaction& transaction, WallTime now);

[[nodiscard]] std::string etag_of(std::uint64_t version);
[[nodiscard]] ApiError permission_denied();

}  // namespace aipress::sandbox
