// The drill: a fleet of live sites in a sandbox moves to a shard, driven as an operator drives it,
// judged by what visitors were told.
#pragma once

#include "base/context.h"
#include "base/result.h"
#include "testing/rehearsal/drill/migration.h"

namespace aipress::drill {

// Progress goes to `say`, the table to stdout, report.json and report.html to Options::report. True
// when all holds. Errors: what kept the drill from being carried out. Nothing runs on in any case.
[[nodiscard]] Result<bool> carry_out(Context const& context, Options const& options,
                                     Say const& say);

}  // namespace aipress::drill
