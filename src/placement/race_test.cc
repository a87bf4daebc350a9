// Control planes that place at the same time, on every engine that is here.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "placement/look.h"
#include "placement/placer.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::placement {
namespace {

using store::Table;
using testing::IsOk;
using testing::must;
using testing::test_context;

struct RaceSize {
    unsigned tenants = 0;
    unsigned shards = 0;
    unsigned threads = 0;  // of each control plane
};

void add_shards(store::Store& store, unsigned count) {
    ASSERT_THAT(
        store.database().transact(
            test_context(),
            [&](sql::Transaction& transaction) -> Result<void> {
                std::vector<store::Shard> shards;
                for (unsigned number = 1; number <= count; ++number) {
                    shards.push_back({.id = fleet::shard_name(number), .number = number});
                }
                TRY(Table<store::Shard>(transaction).insert_all(shards));
                return Table<store::Epoch>(transaction).insert({.epoch = 1, .num_shards = count});
            }),
        IsOk());
}

// Every shard's record says what its tenants take; none is over. The number of tenants.
std::size_t check_sound(store::Store& store) {
    return must(store.database().read(
        test_context(), [](sql::Transaction& transaction) -> Result<std::size_t> {
            auto const residents = TRY(read_residents(transaction));
            std::map<std::string, fleet::Load> taken;
            for (auto const& resident : residents) taken[resident.shard] += resident.load;
            auto const rooms = TRY(read_rooms(transaction));
            for (auto const& room : rooms.all()) {
                EXPECT_EQ(room.taken, taken[room.shard]) << room.shard;
                EXPECT_TRUE(fleet::fits(room.taken, {}, room.capacity)) << room.shard;
            }
            return residents.size();
        }));
}

// For each control plane tenants of its own; both are asked for those in the middle, one in this
// many.
constexpr unsigned kAskedOfBoth = 20;

// Two stores, as of two processes, each with half of the tenants, from opposite ends.
void race(testing::SqlEngine& engine, RaceSize size) {
    auto const url = must(engine.make_database());
    std::vector<std::unique_ptr<store::Store>> stores;
    for (int i = 0; i < 2; ++i) {
        stores.push_back(must(store::Store::open(test_context(), url, engine.options())));
    }
    add_shards(*stores[0], size.shards);
    auto const most = (size.tenants + size.tenants / kAskedOfBoth + 1) / 2;
    std::vector<std::map<std::string, std::string>> answers(stores.size() * size.threads);
    {
        std::vector<std::jthread> threads;
        std::vector<std::unique_ptr<Placer>> placers;
        for (auto const& store : stores) placers.push_back(std::make_unique<Placer>(*store));
        for (std::size_t at = 0; at < answers.size(); ++at) {
            auto const plane = at % 2;
            threads.emplace_back([&, at, plane, placer = placers[plane].get()] {
                for (auto i = static_cast<unsigned>(at / 2); i < most; i += size.threads) {
                    auto const number = plane == 0 ? i : size.tenants - 1 - i;
                    auto const tenant = fmt::format("tenant-{}", number);
                    auto const placed = placer->place(
                        test_context(), {.site = {.tenant = tenant},
                                         .operation = fmt::format("plane-{}-{}", plane, tenant)});
                    ASSERT_THAT(placed, IsOk());
                    answers[at][tenant] = placed.value().shard;
                }
            });
        }
        threads.clear();  // all have ended before their placers do
    }
    EXPECT_EQ(check_sound(*stores[1]), size.tenants);
    std::map<std::string, std::string> all;
    for (auto const& answer : answers) {
        for (auto const& [tenant, shard] : answer) {
            EXPECT_EQ(all.emplace(tenant, shard).first->second, shard) << tenant;
        }
    }
    EXPECT_EQ(all.size(), size.tenants);
    // Only the spare is left.
    Placer placer(*stores[0]);
    EXPECT_FALSE(
        placer.place(test_context(), {.site = {.tenant = "one-more"}, .operation = "one-more"})
            .ok());
}

struct PlacementRaceTest : ::testing::TestWithParam<sql::Engine> {};

// 204 shards have 10,200 slots, 204 of them spare: new tenants get the last one that is theirs.
// Cloud Spanner's emulator runs one transaction at a time: 2 shards, 2 of 100 slots spare.
TEST_P(PlacementRaceTest, TwoControlPlanesNeverExceedAShard) {
    std::string why;
    auto* const engine = testing::SqlEngine::shared(GetParam(), why);
    if (engine == nullptr) GTEST_SKIP() << why;
    if (GetParam() == sql::Engine::Spanner) {
        race(*engine, {.tenants = 98, .shards = 2, .threads = 1});
    } else {
        race(*engine, {.tenants = 9'996, .shards = 204, .threads = 8});
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, PlacementRaceTest,
                         ::testing::Values(sql::Engine::Sqlite, sql::Engine::Postgres,
                                           sql::Engine::Spanner),
                         [](auto const& made) { return std::string(to_string(made.param)); });

}  // namespace
}  // namespace aipress::placement
