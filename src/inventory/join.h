// Which resource is which tenant's. A tenant is a Cloud Run service; what it has is what its
// service really uses, and beyond that what is labelled or named for it.
#pragma once

#include <vector>

#include "inventory/live.h"
#include "inventory/tenant.h"

namespace aipress::inventory {

// Makes the tenants of the services in `inventory.resources`, which are sorted. `services`: each
// one's uses, in any order; its resource's key tells whose they are.
void join(Inventory& inventory, std::vector<ServiceRead> const& services);

// To be called when all state files are read: what is nobody's.
void find_orphans(Inventory& inventory);

}  // namespace aipress::inventory
