// Where the drill's tenants go.
#pragma once

#include "poc/tenant.h"

namespace aipress::drill {

inline constexpr char const* kShard = "aipress-shard-001";
inline constexpr char const* kShardInstance = "aipress-shard-001-db";
inline constexpr char const* kShardAlias = "aipress-shard-001.aipress.io.";

}  // namespace aipress::drill
