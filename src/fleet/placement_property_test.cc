// What holds for every fleet, on random ones: their seeds are printed.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "fleet/directory.h"

namespace aipress::fleet {
namespace {

class PlacementPropertyTest : public ::testing::TestWithParam<unsigned> {
protected:
    std::uint64_t below(std::uint64_t most) { return random_() % most; }

    Rooms random_rooms(unsigned shards) {
        std::vector<Room> rooms;
        for (unsigned number = 1; number <= shards; ++number) {
            auto capacity = capacity_of(1 + below(12));
            capacity.weight = capacity.weight / 2 + below(capacity.weight);
            auto const state =
                below(6) == 0 ? static_cast<ShardState>(below(5)) : ShardState::Active;
            rooms.push_back({.shard = shard_name(number), .state = state, .capacity = capacity});
        }
        return Rooms(std::move(rooms), kSpareOfAFleet);
    }
    Site random_site(unsigned number, unsigned shards) {
        Site site{.tenant = fmt::format("site-{}", number),
                  .load = {.slots = 1, .weight = 100 + below(2'500)},
                  .bytes = below(1'000)};
        if (below(12) == 0) site.pin = shard_name(1 + static_cast<unsigned>(below(shards)));
        return site;
    }
    std::vector<Site> random_sites(unsigned count, unsigned shards) {
        std::vector<Site> sites;
        for (unsigned number = 0; number < count; ++number) {
            sites.push_back(random_site(number, shards));
        }
        return sites;
    }

    static constexpr unsigned kSpareOfAFleet = 5;
    std::mt19937_64 random_{GetParam()};
};

// What the shards say is taken is what their tenants take, and never more than there is.
void expect_sound(Directory const& directory) {
    std::map<std::string, Load> taken;
    for (auto const& resident : directory.residents()) taken[resident.shard] += resident.load;
    for (auto const& room : directory.rooms().all()) {
        EXPECT_EQ(room.taken, taken[room.shard]) << room.shard;
        EXPECT_TRUE(fits(room.taken, {}, room.capacity)) << room.shard;
    }
}

// A plan's moves at both ends at once: every target has room for all that come, while nobody has
// left.
void expect_possible(Directory const& directory, MovePlan const& plan) {
    std::map<std::string, Load> coming;
    std::map<std::string, int> times;
    for (auto const& move : plan.moves) {
        coming[move.to] += move.load;
        EXPECT_EQ(++times[move.tenant], 1) << move.tenant;
        EXPECT_NE(move.from, move.to);
    }
    for (auto const& [shard, load] : coming) {
        auto const* const room = directory.rooms().find(shard);
        ASSERT_NE(room, nullptr);
        EXPECT_EQ(room->state, ShardState::Active);
        EXPECT_TRUE(fits(room->taken, load, room->capacity)) << shard;
    }
}

TEST_P(PlacementPropertyTest, OnlineNeverOverCapacityIdempotentAndSpareKept) {
    unsigned const shards = 2 + GetParam() % 30;
    Directory directory(random_rooms(shards), {.number = 1, .shards = shards});
    Directory same = directory;
    for (unsigned number = 0; number < shards * 8; ++number) {
        auto const site = random_site(number, shards);
        auto const free_before = directory.rooms().free_slots();
        auto const placed = directory.place(site);
        auto const again = same.place(site);
        ASSERT_EQ(placed.ok(), again.ok());
        if (!placed.ok()) {
            EXPECT_EQ(directory.rooms().free_slots(), free_before);
            continue;
        }
        EXPECT_EQ(placed.value(), again.value());
        EXPECT_EQ(directory.place(site).value(), placed.value());  // it is there already
        EXPECT_GE(directory.rooms().free_slots(), directory.rooms().spare_slots());
        auto const* const home = directory.rooms().find(placed->home);
        if (site.pin.empty() && placed->displaced() && home != nullptr) {
            EXPECT_FALSE(home->takes(site.load));
        }
        EXPECT_FALSE(why(placed.value()).empty());
    }
    expect_sound(directory);
}

TEST_P(PlacementPropertyTest, ABatchDoesNotDependOnItsOrderAndKeepsTheLargest) {
    unsigned const shards = 2 + GetParam() % 30;
    Epoch const epoch{.number = 1, .shards = shards};
    Directory directory(random_rooms(shards), epoch);
    auto sites = random_sites(shards * 2, shards);
    for (auto& site : sites) site.pin.clear();
    Directory reversed = directory;
    auto const placed = directory.place_all(sites);
    std::reverse(sites.begin(), sites.end());
    auto const again = reversed.place_all(sites);
    ASSERT_EQ(placed.ok(), again.ok());
    expect_sound(directory);
    if (!placed.ok()) {
        EXPECT_EQ(directory.tenants(), 0u);
        return;
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        EXPECT_EQ(placed.value()[i], again.value()[sites.size() - 1 - i]);
    }
    EXPECT_GE(directory.rooms().free_slots(), directory.rooms().spare_slots());
}

TEST_P(PlacementPropertyTest, PlansArePossibleWithinTheirLimitsAndNeverMoveAPinnedTenant) {
    unsigned const shards = 3 + GetParam() % 30;
    Directory directory(random_rooms(shards), {.number = 1, .shards = shards});
    for (auto const& site : random_sites(shards * 4, shards)) (void)directory.place(site).ok();
    auto const residents = directory.residents();
    MoveLimits const limits{.moves_most = below(20), .bytes_most = below(4'000)};
    auto const drained = shard_name(1 + static_cast<unsigned>(below(shards)));
    auto const drain = plan_drain(directory.rooms(), residents, drained);
    ASSERT_TRUE(drain.ok());
    std::uint64_t lived_there = 0;
    for (auto const& resident : residents) lived_there += resident.shard == drained ? 1 : 0;
    EXPECT_EQ(drain->moves.size() + drain->staying.size(), lived_there);

    for (auto const& plan : {drain.value(), plan_return_home(directory.rooms(), residents, limits),
                             plan_rebalance(directory.rooms(), residents, limits)}) {
        expect_possible(directory, plan);
        for (auto const& resident : residents) {
            if (resident.pin == Resident::Pin::No) continue;
            for (auto const& move : plan.moves) EXPECT_NE(move.tenant, resident.tenant);
        }
        Directory moved = directory;
        moved.carry_out(plan.moves);
        expect_sound(moved);
    }
    auto const home = plan_return_home(directory.rooms(), residents, limits);
    EXPECT_LE(home.moves.size(), limits.moves_most);
    EXPECT_LE(home.bytes(), limits.bytes_most);
    auto returned = directory;
    returned.carry_out(home.moves);
    EXPECT_EQ(returned.displaced() + home.moves.size(), directory.displaced());

    auto const rebalance = plan_rebalance(directory.rooms(), residents, limits);
    EXPECT_LE(rebalance.moves.size(), limits.moves_most);
    EXPECT_LE(rebalance.bytes(), limits.bytes_most);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlacementPropertyTest, ::testing::Range(0u, 120u));

std::pair<std::uint64_t, std::uint64_t> spread(Rooms const& rooms) {
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    for (auto const& room : rooms.all()) {
        least = std::min(least, room.taken.slots);
        most = std::max(most, room.taken.slots);
    }
    return {least, most};
}

// 200 tenants on four shards of 50, and a fifth: 40 each, by as few moves as that takes.
TEST(RebalanceTest, EvensOutByTheFewestMoves) {
    std::vector<Room> rooms;
    for (unsigned number = 1; number <= 4; ++number) rooms.push_back({.shard = shard_name(number)});
    Directory directory(Rooms(rooms, 0), {.number = 1, .shards = 4});
    for (int number = 0; number < 200; ++number) {
        ASSERT_TRUE(directory
                        .place({.tenant = fmt::format("tenant-{}", number),
                                .bytes = static_cast<std::uint64_t>(1'000 - number)})
                        .ok());
    }
    directory.grow({{.shard = shard_name(5)}}, 5);
    EXPECT_EQ(spread(directory.rooms()), std::pair(std::uint64_t{0}, std::uint64_t{50}));
    auto const plan = plan_rebalance(directory.rooms(), directory.residents(), {});
    EXPECT_EQ(plan.moves.size(), 40u);
    directory.carry_out(plan.moves);
    EXPECT_EQ(spread(directory.rooms()), std::pair(std::uint64_t{40}, std::uint64_t{40}));
    EXPECT_TRUE(plan_rebalance(directory.rooms(), directory.residents(), {}).moves.empty());
    EXPECT_EQ(plan_drain(directory.rooms(), {}, "elsewhere").error().code(), ErrorCode::NotFound);
}

}  // namespace
}  // namespace aipress::fleet
