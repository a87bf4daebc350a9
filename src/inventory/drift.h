// Terraform's state against what is live.
#pragma once

#include <string>
#include <vector>

#include "inventory/state_file.h"
#include "inventory/tenant.h"

namespace aipress::inventory {

// What one resource's state says otherwise. Only what the state knows is compared: labels that
// somebody added are not Terraform's, and no drift.
[[nodiscard]] std::vector<Drift> compare(Declared const& declared, Resource const& live);

// One state file, put into the inventory: its drift goes to the tenant whose resources it
// declares (or who is named as `folder`), what it declares is marked, and a file of nothing that
// is live becomes an orphan. To be called after join(), by one thread at a time.
void add_state(Inventory& inventory, std::string const& object, std::string const& folder,
               StateFile const& state);

// To be called when all state files are read: what tenants have and Terraform does not know.
void find_undeclared(Inventory& inventory);

}  // namespace aipress::inventory
