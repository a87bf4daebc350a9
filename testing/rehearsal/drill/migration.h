// The operator's part: `tenant migrate` for every tenant, some at once, one failure, one return.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "testing/rehearsal/drill/journey.h"
#include "testing/rehearsal/drill/operator.h"

namespace aipress::drill {

using Journeys = std::vector<std::unique_ptr<Journey>>;
using Say = std::function<void(std::string const&)>;  // thread safe

// Returns when every one has come to its end; what kept one from it is in Journey::trouble.
void migrate_all(Context const& context, Options const& options, Operator const& by,
                 Journeys& journeys, Say const& say);

}  // namespace aipress::drill
