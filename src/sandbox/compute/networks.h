// VPC networks and their peerings.
#pragma once

#include <string_view>

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

// nullptr: there is none.
[[nodiscard]] boost::json::object const* find_peering(boost::json::object const& network,
                                                      std::string_view name);
// A peering with a network of a Google service: it is there, hence ACTIVE at once. Nothing when
// there is one of that name. Errors: PermissionDenied past the limit.
[[nodiscard]] Outcome<Done> add_service_peering(Change& network, std::string_view name,
                                                std::string_view service_network);
void remove_peering(boost::json::object& network, std::string_view name);

void serve_networks(Methods& methods, ResourcesPointer const& resources);
// addPeering, updatePeering, removePeering of `networks`.
void serve_peerings(Methods& methods, ResourcesPointer const& resources,
                    KindPointer const& networks);
// The other sides of all peerings, before their network goes.
[[nodiscard]] Outcome<Done> disconnect_peers(Change& network);

}  // namespace aipress::sandbox::compute
