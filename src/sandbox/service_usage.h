// Service Usage v1 and Cloud Billing v1: what a project may use, and who pays.
#pragma once

#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_service_usage(Methods& methods, Store& store, Operations const& operations);
void serve_billing(Methods& methods, Store& store);

}  // namespace aipress::sandbox
