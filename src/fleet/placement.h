// Where a tenant was placed, and every fact that the decision rests on: why() needs nothing else,
// however the fleet has changed since.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "fleet/epoch.h"
#include "fleet/load.h"
#include "fleet/shard.h"

namespace aipress::fleet {

enum class PlacementReason {
    Home,         // its home had room
    HomeFull,     // … had no slot
    HomeHeavy,    // … had a slot, but not for its weight
    HomeClosed,   // … was not active
    HomeMissing,  // … is no shard of this fleet
    Spilled,      // in a batch: larger sites kept their home
    Pinned,       // the operator's word
    Imported,     // it lived there already
};
[[nodiscard]] std::string_view to_string(PlacementReason reason);

struct Placement {
    std::string tenant = {};
    Epoch epoch = {};
    std::string home = {};   // by the formula
    std::string shard = {};  // where it lives
    PlacementReason reason = PlacementReason::Home;
    Load load = {};  // the tenant's

    // Before it came. The home's are of no meaning where it is missing.
    ShardState home_state = ShardState::Active;
    Load home_taken = {};
    Load home_capacity = {};
    Load shard_taken = {};
    Load shard_capacity = {};
    // Of a tenant that did not go home: active shards with room, and those of them that were as
    // little loaded as the chosen one (itself included).
    std::uint64_t candidates = 0;
    std::uint64_t equals = 0;

    [[nodiscard]] bool displaced() const { return shard != home; }
    bool operator==(Placement const&) const = default;
};

// In sentences: where, whether that is home, and what was so when it was decided.
[[nodiscard]] std::string why(Placement const& placement);

[[nodiscard]] boost::json::object to_json(Load const& load);
[[nodiscard]] boost::json::object to_json(Placement const& placement);
// What to_json() wrote. Errors: InvalidArgument, with the field.
[[nodiscard]] Result<Load> read_load(boost::json::object const& fields);
[[nodiscard]] Result<Placement> read_placement(boost::json::object const& fields);

}  // namespace aipress::fleet
