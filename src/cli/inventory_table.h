// The inventory for people.
#pragma once

#include <string>

#include "inventory/tenant.h"

namespace aipress::cli {

[[nodiscard]] std::string render_inventory(inventory::Inventory const& inventory);

}  // namespace aipress::cli
