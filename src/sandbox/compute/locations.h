// Google's regions and zones, and the project as Compute sees it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

struct RegionInfo {
    std::string_view name;   // "us-central1"
    std::string_view zones;  // "abcf"
    unsigned octet = 0;      // of its range in an auto mode network: 10.OCTET.0.0/20
};

[[nodiscard]] std::vector<RegionInfo> const& regions();
[[nodiscard]] bool is_region(std::string_view name);
// "global" and "regions/r", sorted.
[[nodiscard]] std::vector<std::string> const& all_scopes();

// Serves regions, zones and projects.get.
void serve_locations(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
