// The front of a load balancer: forwarding rules, target proxies and their certificates.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

void serve_proxies(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
