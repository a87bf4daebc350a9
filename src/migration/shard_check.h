// Whether a shard takes a tenant: said by its project's labels and by what is in it.
#pragma once

#include "fleet/shard.h"
#include "migration/cloud.h"

namespace aipress::migration {

struct ShardStatus {
    fleet::Shard shard = {};
    fleet::ShardState state = fleet::ShardState::Active;
    unsigned capacity = fleet::kShardCapacity;
    unsigned sites = 0;  // Cloud Run services with a tenant's label
};

// Errors: NotFound when there is no such project or it is no shard; FailedPrecondition for labels
// that say nothing sensible, for a missing instance or bucket.
[[nodiscard]] Result<ShardStatus> look_at_shard(Context const& context, Cloud const& cloud,
                                                fleet::Shard const& shard);
// Errors: FailedPrecondition when it is not active, ResourceExhausted when it is full.
Result<void> check_takes_tenant(ShardStatus const& status);

}  // namespace aipress::migration
