// Organization Policy v2: constraints, and the policies that projects, folders and the organization
// have for them.
#pragma once

#include <string_view>

#include "sandbox/projects.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// Whether a boolean constraint, "iam.disableServiceAccountKeyCreation", holds for a project by its
// own policy or by the nearest one above it.
[[nodiscard]] Outcome<bool> is_enforced(Transaction& transaction, Project const& project,
                                        std::string_view constraint);

// All that is passed outlives `methods`.
void serve_org_policy(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox
