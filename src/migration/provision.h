// Makes the tenant's place in its shard, and undoes it: secrets, accounts, database, rights,
// ProxySQL's entries, the Cloud Run service that nobody is sent to yet, and the old service's
// revision that will serve from the new home. What is there already and is labelled as the tenant's
// is adopted; what is another's is refused.
#pragma once

#include <vector>

#include "migration/action.h"
#include "migration/workspace.h"

namespace aipress::migration {

// In the order in which they are done. `work` outlives them.
[[nodiscard]] std::vector<Action> provision_actions(Workspace const& work);

}  // namespace aipress::migration
