// The words of the commands on the fleet's store: `aipress placement`, `aipress shard`, and those
// of `aipress tenant` that ask it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/argument_values.h"
#include "fleet/simulation.h"
#include "placement/plan.h"
#include "sql/value.h"

namespace CLI {
class App;
}

namespace aipress::cli {

enum class FleetVerb {
    Simulate,
    Place,
    Plan,
    Apply,
    Why,
    ShardImport,
    ShardList,
    ShardShow,
    TenantImport,
    TenantList,
    TenantShow,
    TenantRoute,
};

struct FleetArguments {
    FleetVerb verb = FleetVerb::Simulate;
    std::string store;           // its URL
    std::filesystem::path file;  // import, apply: which is read
    std::filesystem::path out;   // plan: where it is written; "": nowhere
    std::string name;            // of the shard or the tenant
    std::string operation;       // the client's id; "": a new one
    std::string pin;             // place: the shard
    std::uint64_t weight = 1'000;
    fleet::Spare spare = fleet::Spare::Keep;
    std::string on_shard;  // tenant list: of this one; "": all
    std::optional<sql::Timestamp> at;
    fleet::SimulationOptions simulation;
    placement::PlanOrder order;
    OutputFormat format = OutputFormat::Table;
};

struct FleetTexts;

// Not thread safe.
class FleetCommands {
public:
    // Adds them to `app`, the whole program's. REQUIRES: it has the group "tenant" already.
    explicit FleetCommands(CLI::App& app);
    ~FleetCommands();

    // Is this command one of these? (Those of "tenant" are shared with TenantCommands.)
    [[nodiscard]] static bool has(std::string_view group, std::string_view verb);
    // What was typed behind one of them. Errors: InvalidArgument.
    [[nodiscard]] Result<FleetArguments> read(std::string_view group, std::string_view verb) const;

private:
    std::unique_ptr<FleetTexts> texts_;
};

}  // namespace aipress::cli
