// Tenants that move to one shard, one after the other, by the operator's command, each with a
// visitor.
#pragma once

#include "bench/sandbox_stage.h"

namespace aipress::bench {

// Fence and downtime, and the seconds that the command takes beyond copying, comparing and waiting:
// median, the 90th of a hundred, and the worst. Errors: also when a tenant does not arrive.
Result<void> run_migration(Context const& context, SandboxStage& stage);

}  // namespace aipress::bench
