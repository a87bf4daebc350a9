// Where the tenant's visitors are sent: the record's TTL ahead of time, then the domain mapping and
// the record itself, once the new home serves.
#pragma once

#include <vector>

#include "migration/action.h"
#include "migration/workspace.h"

namespace aipress::migration {

// Lowers the TTL, so that it is over by the time of the switch.
[[nodiscard]] Action lower_ttl(Workspace const& work);
// Until no cache has the old TTL any more.
[[nodiscard]] Action wait_for_ttl(Workspace const& work);
// The host and its aliases are mapped to the new service.
[[nodiscard]] Action map_hosts(Workspace const& work);
// The host's record points to the shard's ingress; every authoritative server says so.
[[nodiscard]] Action point_record(Workspace const& work);
// The record keeps its data and gets back the TTL that it had. By an operator's word only, for it
// has no undo.
[[nodiscard]] Action raise_ttl(Workspace const& work);

}  // namespace aipress::migration
