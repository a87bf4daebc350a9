// Cloud Resource Manager v3: folders, and the organization above them.
#pragma once

#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// Whether projects and folders can be put there: an active folder, or the organization. Errors:
// PermissionDenied.
[[nodiscard]] Outcome<Done> check_parent(Transaction& transaction, std::string const& parent);

// All that is passed outlives `methods`.
void serve_folders(Methods& methods, Store& store, Clock& clock, Operations const& operations);

}  // namespace aipress::sandbox
