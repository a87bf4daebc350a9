#include "fleet/simulation.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fleet/directory.h"

namespace aipress::fleet {
namespace {

constexpr unsigned kTenantsMost = 2'000'000;
constexpr unsigned kShardsMost = 100'000;

Result<void> check(SimulationOptions const& options) {
    auto const within = [](std::string_view name, unsigned number, unsigned most) -> Result<void> {
        if (number > 0 && number <= most) return {};
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("{}: {} is not between 1 and {}", name, number, most));
    };
    TRY(within("tenants", options.tenants, kTenantsMost));
    TRY(within("shards", options.shards, kShardsMost));
    TRY(within("capacity", options.capacity, kTenantsMost));
    if (options.spare_percent >= 100) {
        return Error(ErrorCode::InvalidArgument, "spare: nothing is left for tenants");
    }
    auto const slots = std::uint64_t{options.shards} * options.capacity;
    auto const spare = slots * options.spare_percent / 100;
    if (options.tenants > slots - spare) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("{} tenants do not fit on {} shards of {}, of whose slots {} are "
                                 "kept for moves",
                                 options.tenants, options.shards, options.capacity, spare));
    }
    return {};
}

std::vector<Room> make_rooms(unsigned first, unsigned count, unsigned capacity) {
    std::vector<Room> rooms;
    for (unsigned number = first; number < first + count; ++number) {
        rooms.push_back({.shard = shard_name(number), .capacity = capacity_of(capacity)});
    }
    return rooms;
}

std::vector<Site> make_sites(SimulationOptions const& options) {
    std::vector<Site> sites;
    for (unsigned number = 0; number < options.tenants; ++number) {
        sites.push_back({.tenant = fmt::format("tenant-{}", number)});
    }
    if (!options.seed) return sites;
    // Not std::shuffle, whose order is the library's own affair.
    std::mt19937_64 random(*options.seed);
    for (auto left = sites.size(); left > 1; --left) {
        std::swap(sites[left - 1], sites[random() % left]);
    }
    return sites;
}

std::uint64_t fullest_of(Rooms const& rooms) {
    std::uint64_t fullest = 0;
    for (auto const& room : rooms.all()) fullest = std::max(fullest, room.taken.slots);
    return fullest;
}

// By tenant, in the order of their names.
std::vector<std::string> shards_of(Directory const& directory) {
    std::vector<std::string> shards;
    for (auto const& resident : directory.residents()) shards.push_back(resident.shard);
    return shards;
}

std::uint64_t count_moved(std::vector<std::string> const& before,
                          std::vector<std::string> const& after) {
    std::uint64_t moved = 0;
    for (std::size_t i = 0; i < before.size(); ++i) moved += before[i] == after[i] ? 0 : 1;
    return moved;
}

void look_at_homes(Directory const& directory, SimulationOptions const& options,
                   Simulation& simulation) {
    std::unordered_map<std::string, std::uint64_t> homes;
    for (auto const& resident : directory.residents()) ++homes[resident.home];
    for (auto const& [home, tenants] : homes) {
        simulation.overfull_homes += tenants > options.capacity ? 1 : 0;
        simulation.fullest_home = std::max(simulation.fullest_home, tenants);
    }
}

// Each tenant asks for its place again behind it, as it may: nobody moves.
Result<void> add_shards(Directory& directory, std::vector<Site> const& sites,
                        SimulationOptions const& options, Simulation& simulation) {
    auto const before = shards_of(directory);
    simulation.shards_added = std::max(1u, options.shards / 10);
    Epoch const grown{.number = 2, .shards = options.shards + simulation.shards_added};
    directory.grow(make_rooms(options.shards + 1, simulation.shards_added, options.capacity),
                   grown.shards);
    for (auto const& site : sites) TRY(directory.place(site));
    simulation.moved_by_adding = count_moved(before, shards_of(directory));
    for (auto const& resident : directory.residents()) {
        simulation.formula_would_move +=
            home_shard(resident.tenant, grown) == resident.home ? 0 : 1;
    }
    return {};
}

Result<void> lose_shard(Directory& directory, Simulation& simulation) {
    auto const& rooms = directory.rooms().all();
    auto const fullest = std::max_element(
        rooms.begin(), rooms.end(),
        [](Room const& a, Room const& b) { return a.taken.slots < b.taken.slots; });
    simulation.lost_shard = fullest->shard;
    simulation.lived_there = fullest->taken.slots;
    auto const before = shards_of(directory);
    directory.set_state(simulation.lost_shard, ShardState::Retired);
    auto const plan =
        TRY(plan_drain(directory.rooms(), directory.residents(), simulation.lost_shard));
    if (!plan.staying.empty()) {
        return Error(ErrorCode::Internal,
                     plan.staying.front().tenant + " " + plan.staying.front().reason);
    }
    directory.carry_out(plan.moves);
    simulation.moved_by_loss = count_moved(before, shards_of(directory));
    return {};
}

}  // namespace

Result<Simulation> simulate(SimulationOptions const& options) {
    TRY(check(options));
    Simulation simulation;
    simulation.load = static_cast<double>(options.tenants) /
                      (static_cast<double>(options.shards) * options.capacity);
    auto const sites = make_sites(options);
    Directory const empty(
        Rooms(make_rooms(1, options.shards, options.capacity), options.spare_percent),
        {.number = 1, .shards = options.shards});

    auto batch = empty;
    TRY(batch.place_all(sites));
    simulation.displaced_in_batch = batch.displaced();
    auto online = empty;
    for (auto const& site : sites) TRY(online.place(site));
    simulation.displaced_online = online.displaced();
    look_at_homes(online, options, simulation);
    simulation.fullest_shard = std::max(fullest_of(batch.rooms()), fullest_of(online.rooms()));

    TRY(add_shards(online, sites, options, simulation));
    TRY(lose_shard(online, simulation));
    simulation.fullest_shard = std::max(simulation.fullest_shard, fullest_of(online.rooms()));
    return simulation;
}

}  // namespace aipress::fleet
