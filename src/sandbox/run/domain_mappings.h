// Cloud Run v1: domain mappings, and the locations there are.
#pragma once

#include "sandbox/run/changes.h"
#include "sandbox/run/services.h"

namespace aipress::sandbox::run {

// Whether requests for its domain come to its service. A mapping of a domain that is mapped in
// another project or region is made, but not in force: it says so (MappingAlreadyExists), as does
// the old one after an override (`spec.forceOverride`). Neither comes into force by the other's
// end. REQUIRES: a document of kDomainMappings.
[[nodiscard]] bool is_in_force(Document const& mapping);

// All that is passed outlives `methods`.
void serve_domain_mappings(Methods& methods, Changes const& changes, OnChange const& on_change);
void serve_locations(Methods& methods, Store& store);

}  // namespace aipress::sandbox::run
