// What placement does to a fleet of a given size, without one: `aipress placement simulate`.
//
// Tenants are "tenant-0", "tenant-1", …, ordinary sites all. They come one by one, and once more as
// one batch; then a tenth more shards are added, which moves nobody; then the fullest shard is
// lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "fleet/shard.h"

namespace aipress::fleet {

struct SimulationOptions {
    unsigned tenants = 50'000;
    unsigned shards = 1'000;
    unsigned capacity = kShardCapacity;      // slots of a shard
    unsigned spare_percent = 0;              // kept for moves: at a load of 1.0 there is none
    std::optional<std::uint64_t> seed = {};  // of the order in which they come; else by number
};

struct Simulation {
    double load = 0;                   // tenants by slots
    std::uint64_t overfull_homes = 0;  // shards that are home to more tenants than they have slots
    std::uint64_t fullest_home = 0;    // tenants that have the same home, at most
    std::uint64_t displaced_online = 0;
    std::uint64_t displaced_in_batch = 0;
    std::uint64_t fullest_shard = 0;  // tenants on one shard, at most, at any time

    unsigned shards_added = 0;
    std::uint64_t moved_by_adding = 0;
    std::uint64_t formula_would_move = 0;  // where the hash alone would have sent them by then

    std::string lost_shard = {};
    std::uint64_t lived_there = 0;
    std::uint64_t moved_by_loss = 0;
};

// Errors: InvalidArgument for numbers that make no fleet; ResourceExhausted when there are more
// tenants than slots.
[[nodiscard]] Result<Simulation> simulate(SimulationOptions const& options);

}  // namespace aipress::fleet
