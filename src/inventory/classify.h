// What kind of a site a tenant is, each with the reason.
#pragma once

#include "inventory/tenant.h"

namespace aipress::inventory {

[[nodiscard]] Classes classify(Tenant const& tenant, Resources const& resources);

}  // namespace aipress::inventory
