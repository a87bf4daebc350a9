// Firewall rules of VPC networks.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

void serve_firewalls(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
