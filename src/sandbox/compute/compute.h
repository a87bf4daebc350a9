// Compute Engine v1: what has to do with networks and load balancers. There are no machines.
#pragma once

#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_compute(Methods& methods, Store& store, Clock& clock, Operations const& operations);

}  // namespace aipress::sandbox
