// What a load balancer sends requests to: backend buckets, backend services, and the serverless
// network endpoint groups in front of Cloud Run.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

void serve_backends(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
