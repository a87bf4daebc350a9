// Cloud Resource Manager v3: projects.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gcp/connection.h"
#include "gcp/iam_policy.h"

namespace aipress::gcp {

// Thread safe. The connection outlives it.
class ResourceManager {
public:
    explicit ResourceManager(Connection const& connection) : connection_(connection) {}

    // Errors: PermissionDenied, also when there is no such project: Google does not tell which.
    [[nodiscard]] Outcome<boost::json::object> get_project(Context const& context,
                                                           std::string const& project) const;
    // Of a folder or an organization: "folders/17".
    [[nodiscard]] Outcome<Done> list_projects(Context const& context, std::string const& parent,
                                              Connection::Visitor const& visit) const;
    // `project` as Google's Project, with projectId and parent. The answer is the project. Safe: a
    // project of that id under that parent is this one after a lost answer. Errors: AlreadyExists,
    // also for ids of deleted projects and of strangers'; ResourceExhausted when the quota of
    // projects is used up.
    [[nodiscard]] Outcome<boost::json::object> create_project(Context const& context,
                                                              boost::json::object project) const;
    // For 30 days it can be undeleted. Safe: one that is to be deleted already is left alone.
    [[nodiscard]] Outcome<Done> delete_project(Context const& context,
                                               std::string const& project) const;
    // Safe by the policy's etag.
    [[nodiscard]] Outcome<Done> grant(Context const& context, std::string const& project,
                                      IamBinding const& binding) const;
    [[nodiscard]] Outcome<Done> revoke(Context const& context, std::string const& project,
                                       IamBinding const& binding) const;

private:
    Connection const& connection_;
};

}  // namespace aipress::gcp
