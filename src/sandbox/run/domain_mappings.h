// Cloud Run v1: domain mappings, and the locations there are.
#pragma once

#include "sandbox/run/changes.h"
#include "sandbox/run/services.h"

namespace aipress::sandbox::run {

// All that is passed outlives `methods`.
void serve_domain_mappings(Methods& methods, Changes const& changes, OnChange const& on_change);
void serve_locations(Methods& methods, Store& store);

}  // namespace aipress::sandbox::run
