// Many tenants at once, in two passes: each home keeps the largest that it has room for, then the
// rest goes to the least loaded shards. As few are displaced as can be, and those that take least
// to move.
#pragma once

#include <vector>

#include "base/result.h"
#include "fleet/rooms.h"

namespace aipress::fleet {

// A placement a site, in the sites' order; which one does not depend on that order. All or none:
// `rooms` is as before when it fails. REQUIRES: no tenant comes twice.
// Errors: as of Rooms::place(), of the first tenant that has no place.
[[nodiscard]] Result<std::vector<Placement>> place_batch(Rooms& rooms,
                                                         std::vector<Site> const& sites,
                                                         Epoch const& epoch, Spare spare);

}  // namespace aipress::fleet
