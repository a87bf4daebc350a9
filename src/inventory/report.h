// The inventory as JSON, written tenant by tenant, so that a fleet's is never in memory as text.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "inventory/tenant.h"

namespace aipress::inventory {

using Sink = std::function<Result<void>(std::string_view)>;

// One object; a line a tenant. Errors: the sink's.
[[nodiscard]] Result<void> write_json(Inventory const& inventory, Sink const& sink);

}  // namespace aipress::inventory
