// The store's tables, in the versions of sql/schema.h.
#pragma once

#include <vector>

#include "sql/schema.h"

namespace aipress::store {

[[nodiscard]] std::vector<sql::Migration> const& migrations();

}  // namespace aipress::store
