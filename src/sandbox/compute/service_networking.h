// Service Networking v1: private services access. A connection peers a network with that of
// Google's services, which then have the ranges that were reserved for them.
#pragma once

#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_service_networking(Methods& methods, Store& store, Clock& clock,
                              Operations const& operations);

}  // namespace aipress::sandbox
