// What the commands on the fleet's store print: tables for people, one JSON object for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/argument_values.h"
#include "fleet/placement.h"
#include "fleet/simulation.h"
#include "placement/import.h"
#include "placement/plan.h"
#include "store/records.h"

namespace aipress::cli {

[[nodiscard]] std::string render(fleet::Simulation const& simulation,
                                 fleet::SimulationOptions const& options, milliseconds took,
                                 OutputFormat format);
[[nodiscard]] std::string render(placement::Plan const& plan, OutputFormat format);
[[nodiscard]] std::string render(placement::ImportReport const& report, OutputFormat format);
// `why`: in words.
[[nodiscard]] std::string render(fleet::Placement const& placement, std::string const& why,
                                 OutputFormat format);

[[nodiscard]] std::string render(std::vector<store::Shard> const& shards, OutputFormat format);
[[nodiscard]] std::string render(std::vector<store::Tenant> const& tenants, OutputFormat format);
[[nodiscard]] std::string render(store::Shard const& shard,
                                 std::vector<store::Tenant> const& tenants, OutputFormat format);
[[nodiscard]] std::string render(store::Tenant const& tenant, std::string const& why,
                                 OutputFormat format);
[[nodiscard]] std::string render(store::Route const& route, OutputFormat format);

}  // namespace aipress::cli
