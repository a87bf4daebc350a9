#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "fleet/placement.h"
#include "json/fields.h"

namespace aipress::fleet {
namespace {

using json::get_integer;
using json::get_string;

Result<std::uint64_t> get_count(boost::json::object const& fields, std::string_view name) {
    auto const number = TRY(get_integer(fields, name));
    if (number < 0) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: is negative", name));
    }
    return static_cast<std::uint64_t>(number);
}

Result<unsigned> get_small_count(boost::json::object const& fields, std::string_view name) {
    auto const number = TRY(get_count(fields, name));
    if (number > UINT32_MAX) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: is too large", name));
    }
    return static_cast<unsigned>(number);
}

Result<Load> load_in(boost::json::object const& fields, std::string_view name) {
    auto const* const found = fields.if_contains(name);
    if (found == nullptr || !found->is_object()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected an object", name));
    }
    return read_load(found->get_object()).in_context(name);
}

Result<PlacementReason> reason_in(boost::json::object const& fields) {
    auto const text = TRY(get_string(fields, "reason"));
    for (auto const reason :
         {PlacementReason::Home, PlacementReason::HomeFull, PlacementReason::HomeHeavy,
          PlacementReason::HomeClosed, PlacementReason::HomeMissing, PlacementReason::Spilled,
          PlacementReason::Pinned, PlacementReason::Imported}) {
        if (to_string(reason) == text) return reason;
    }
    return Error(ErrorCode::InvalidArgument, fmt::format("$.reason: '{}' is none", text));
}

}  // namespace

boost::json::object to_json(Load const& load) {
    return {{"slots", load.slots}, {"weight", load.weight}};
}

Result<Load> read_load(boost::json::object const& fields) {
    Load load;
    load.slots = TRY(get_count(fields, "slots"));
    load.weight = TRY(get_count(fields, "weight"));
    return load;
}

boost::json::object to_json(Placement const& placement) {
    return {{"tenant", placement.tenant},
            {"epoch", placement.epoch.number},
            {"epoch_shards", placement.epoch.shards},
            {"home", placement.home},
            {"shard", placement.shard},
            {"reason", to_string(placement.reason)},
            {"load", to_json(placement.load)},
            {"home_state", to_string(placement.home_state)},
            {"home_taken", to_json(placement.home_taken)},
            {"home_capacity", to_json(placement.home_capacity)},
            {"shard_taken", to_json(placement.shard_taken)},
            {"shard_capacity", to_json(placement.shard_capacity)},
            {"candidates", placement.candidates},
            {"equals", placement.equals}};
}

Result<Placement> read_placement(boost::json::object const& fields) {
    Placement placement;
    placement.tenant = TRY(get_string(fields, "tenant"));
    placement.epoch.number = TRY(get_small_count(fields, "epoch"));
    placement.epoch.shards = TRY(get_small_count(fields, "epoch_shards"));
    placement.home = TRY(get_string(fields, "home"));
    placement.shard = TRY(get_string(fields, "shard"));
    placement.reason = TRY(reason_in(fields));
    placement.load = TRY(load_in(fields, "load"));
    auto const state = shard_state_of(TRY(get_string(fields, "home_state")));
    if (!state) return Error(ErrorCode::InvalidArgument, "$.home_state: is none");
    placement.home_state = *state;
    placement.home_taken = TRY(load_in(fields, "home_taken"));
    placement.home_capacity = TRY(load_in(fields, "home_capacity"));
    placement.shard_taken = TRY(load_in(fields, "shard_taken"));
    placement.shard_capacity = TRY(load_in(fields, "shard_capacity"));
    placement.candidates = TRY(get_count(fields, "candidates"));
    placement.equals = TRY(get_count(fields, "equals"));
    return placement;
}

}  // namespace aipress::fleet
