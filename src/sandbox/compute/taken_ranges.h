// Which IP ranges a network has in use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/compute/documents.h"
#include "sandbox/compute/ip_range.h"

namespace aipress::sandbox::compute {

// A range that a network's own resources take, and the path of the one that does.
struct TakenRange {
    IpRange range;
    std::string path;
    std::string peering = {};  // of the network, by which it is reached; "": its own
};
// Of a network's subnetworks and reserved ranges. `network`: its path.
[[nodiscard]] Outcome<std::vector<TakenRange>> own_ranges(Transaction& transaction,
                                                          std::string_view network);
// Those, and the ones of the networks it is peered with.
[[nodiscard]] Outcome<std::vector<TakenRange>> reachable_ranges(Transaction& transaction,
                                                                std::string_view network);

}  // namespace aipress::sandbox::compute
