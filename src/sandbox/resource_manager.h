// Cloud Resource Manager v3, and v1 where gcloud still speaks it: projects, folders, the
// organization and their policies.
#pragma once

#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_resource_manager(Methods& methods, Store& store, Clock& clock,
                            Operations const& operations);

}  // namespace aipress::sandbox
