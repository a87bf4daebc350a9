// The moving of files, in a program of its own: the one scenario that needs AIPress's own code.
#pragma once

#include "bench/sandbox_stage.h"

namespace aipress::bench {

// 5,000 small and some large objects. Tools that are not installed are left out, and said so.
Result<void> run_carry(Context const& context, SandboxStage& stage);

}  // namespace aipress::bench
