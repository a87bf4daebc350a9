// Subnetworks of VPC networks.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

[[nodiscard]] KindPointer subnetwork_kind();
void serve_subnetworks(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
