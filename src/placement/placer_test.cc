#include "placement/placer.h"

#include <gmock/gmock.h>
#include <map>
#include <thread>

#include "placement/look.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::placement {
namespace {

using fleet::PlacementReason;
using fleet::shard_name;
using store::Table;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using testing::test_context;

struct PlacerTest : ::testing::Test {
    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
    std::string const url = "sqlite:" + (folder / "store.db").string();
    std::unique_ptr<store::Store> store = must(store::Store::open(test_context(), url));
    Placer placer{*store};

    template <typename Work>
    auto transact(Work const& work) {
        return store->database().transact(test_context(), work);
    }
    void add_shards(unsigned count, std::int64_t slots) {
        ASSERT_THAT(
            transact([&](sql::Transaction& transaction) -> Result<void> {
                std::vector<store::Shard> shards;
                for (unsigned number = 1; number <= count; ++number) {
                    shards.push_back({.id = shard_name(number),
                                      .number = number,
                                      .cap_slots = slots,
                                      .cap_weight = slots * 1'000});
                }
                TRY(Table<store::Shard>(transaction).insert_all(shards));
                return Table<store::Epoch>(transaction).insert({.epoch = 1, .num_shards = count});
            }),
            IsOk());
    }
    void set_state(std::string const& id, fleet::ShardState state) {
        ASSERT_THAT(transact([&](sql::Transaction& transaction) -> Result<void> {
                        auto shard = TRY(Table<store::Shard>(transaction).get(id));
                        shard.state = state;
                        TRY(Table<store::Shard>(transaction).update(shard));
                        return {};
                    }),
                    IsOk());
    }
    store::Shard shard(std::string const& id) {
        return must(transact([&](sql::Transaction& transaction) {
            return Table<store::Shard>(transaction).get(id);
        }));
    }
    store::Tenant tenant(std::string const& id) {
        return must(transact([&](sql::Transaction& transaction) {
            return Table<store::Tenant>(transaction).get(id);
        }));
    }
    std::string why_of(std::string const& id) {
        return must(transact([&](sql::Transaction& transaction) -> Result<std::string> {
            return why(transaction, TRY(Table<store::Tenant>(transaction).get(id)));
        }));
    }
    Result<fleet::Placement> place(std::string const& tenant, std::string const& operation = "") {
        return placer.place(test_context(),
                            {.site = {.tenant = tenant},
                             .operation = operation.empty() ? "place-" + tenant : operation});
    }
};

TEST_F(PlacerTest, HomeIsTakenOnceHoweverOftenItIsAskedFor) {
    add_shards(3, 50);
    auto const home = fleet::home_shard("acme", {.shards = 3});
    EXPECT_EQ(must(place("acme", "op-1")).shard, home);
    EXPECT_EQ(must(place("acme", "op-1")), must(place("acme", "op-1")));
    EXPECT_EQ(must(place("acme", "op-2")).shard, home);
    EXPECT_EQ(shard(home).used, 1);
    EXPECT_EQ(shard(home).weight, 1'000);
    EXPECT_EQ(tenant("acme").placed_by, "home");
    EXPECT_EQ(tenant("acme").state, store::TenantState::Placed);
    EXPECT_THAT(place("bakery", "op-1"), HasCode(ErrorCode::AlreadyExists));
    EXPECT_THAT(place("No Name", "op-3"), HasCode(ErrorCode::InvalidArgument));
    auto const route = must(transact([](sql::Transaction& transaction) {
        return Table<store::Route>(transaction).get("acme");
    }));
    EXPECT_EQ(route.shard, home);
    EXPECT_THAT(why_of("acme"), HasSubstr("its home: " + home));
}

TEST_F(PlacerTest, WhoFindsHomeFullGoesToTheLeastLoadedAndTheReasonIsKept) {
    add_shards(2, 4);
    std::map<std::string, int> taken;
    for (int number = 0; number < 8; ++number) {
        auto const placed = must(place("tenant-" + std::to_string(number)));
        EXPECT_LE(++taken[placed.shard], 4);
    }
    EXPECT_EQ(taken.size(), 2u);
    EXPECT_THAT(place("one-more"), HasError(ErrorCode::ResourceExhausted, HasSubstr("add shards")));
    auto const again = place("tenant-7", "asked-again");  // in a full fleet too
    EXPECT_THAT(again, IsOk());
    bool is_explained = false;
    for (int number = 0; number < 8; ++number) {
        auto const id = "tenant-" + std::to_string(number);
        if (tenant(id).placed_by != "home_full") continue;
        is_explained = true;
        EXPECT_THAT(why_of(id), HasSubstr("had no slot left (4 of 4 slots"));
    }
    EXPECT_TRUE(is_explained);
}

TEST_F(PlacerTest, AClosedHomeIsLookedAtAnew) {
    add_shards(3, 50);
    auto const home = fleet::home_shard("acme", {.shards = 3});
    EXPECT_THAT(place("bakery"), IsOk());  // the look is fresh now, and old in a moment
    set_state(home, fleet::ShardState::Cordoned);
    auto const placed = must(place("acme"));
    EXPECT_NE(placed.shard, home);
    EXPECT_EQ(placed.reason, PlacementReason::HomeClosed);
    auto const pinned = placer.place(
        test_context(), {.site = {.tenant = "cinema", .pin = home}, .operation = "op-pin"});
    EXPECT_EQ(must(pinned).reason, PlacementReason::Pinned);
    EXPECT_EQ(tenant("cinema").pinned_to, home);
}

TEST_F(PlacerTest, ATenantOfTheOldWorldHasItsSlotReservedByItsOwnEpochAndWeight) {
    add_shards(3, 2);
    ASSERT_THAT(transact([](sql::Transaction& transaction) -> Result<void> {
                    TRY(Table<store::Epoch>(transaction).insert({.epoch = 2, .num_shards = 1}));
                    return Table<store::Tenant>(transaction)
                        .insert({.id = "acme",
                                 .epoch = 1,
                                 .home_shard = fleet::home_shard("acme", {.shards = 3}),
                                 .weight = 1'500});
                }),
                IsOk());
    auto const home = fleet::home_shard("acme", {.shards = 3});
    auto const placed = must(place("acme"));
    EXPECT_EQ(placed.shard, home);
    EXPECT_EQ(placed.epoch.number, 1u);
    EXPECT_EQ(tenant("acme").next_shard, home);
    EXPECT_FALSE(tenant("acme").shard);
    EXPECT_EQ(shard(home).reserved, 1);
    EXPECT_EQ(shard(home).used, 0);
    EXPECT_EQ(shard(home).weight, 1'500);
    EXPECT_EQ(must(place("acme", "again")).shard, home);
    EXPECT_EQ(shard(home).reserved, 1);
}

TEST_F(PlacerTest, ADeletedTenantsNameIsNotGivenAgain) {
    add_shards(3, 50);
    ASSERT_THAT(transact([](sql::Transaction& transaction) -> Result<void> {
                    return Table<store::Tenant>(transaction)
                        .insert({.id = "acme",
                                 .epoch = 1,
                                 .home_shard = shard_name(1),
                                 .state = store::TenantState::Deleted});
                }),
                IsOk());
    EXPECT_THAT(place("acme"), HasError(ErrorCode::FailedPrecondition, HasSubstr("was deleted")));
}

TEST_F(PlacerTest, WithoutShardsItSaysWhatToDo) {
    EXPECT_THAT(place("acme"),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("aipress shard import")));
}

}  // namespace
}  // namespace aipress::placement
