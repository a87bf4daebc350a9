// A tenant's Terraform state, as Terraform 1.x writes it (version 4 of the format).
// https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "poc/tenant.h"

namespace aipress::poc {

// What the APIs say of the tenant's resources.
struct LiveResources {
    boost::json::value instance = nullptr;  // sqladmin's DatabaseInstance
    boost::json::value service = nullptr;   // run v2's Service
    bool has_site = true;                   // a database and its user, a domain mapping
};

// Where it is in the state bucket: "tenants/tenant-001/default.tfstate".
[[nodiscard]] std::string state_object(Tenant const& tenant);
// Indented by two blanks, with a newline at its end.
[[nodiscard]] std::string make_state_file(Tenant const& tenant, LiveResources const& live);

}  // namespace aipress::poc
