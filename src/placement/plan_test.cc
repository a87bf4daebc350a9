#include "placement/plan.h"

#include <gmock/gmock.h>

#include "placement/import.h"
#include "placement/look.h"
#include "placement/placer.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::placement {
namespace {

using fleet::ShardState;
using store::Table;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::must;
using testing::test_context;

// Three shards of five; nine tenants, all on the first two.
struct PlanTest : ::testing::Test {
    PlanTest() {
        auto const shards = read_shard_file(
            "shard,slots\naipress-shard-001,5\naipress-shard-002,5\naipress-shard-003,5\n");
        must(import_shards(test_context(), *store, shards.rows, {.operation = "shards"}));
        std::string text = "tenant,shard,bytes,weight\n";
        for (int i = 0; i < 9; ++i) {
            text += fmt::format("tenant-{},aipress-shard-00{},{},1\n", i, 1 + i % 2, 100 + i);
        }
        auto const tenants = read_tenant_file(text);
        auto const report =
            must(import_tenants(test_context(), *store, tenants.rows, {.operation = "tenants"}));
        EXPECT_THAT(report.faults, IsEmpty());
    }
    Result<Plan> plan(PlanOrder const& order) {
        auto made = make_plan(test_context(), *store, order);
        if (!made.ok()) return made;
        auto read = read_plan(to_json(made.value()));
        EXPECT_THAT(read, IsOk());
        EXPECT_EQ(to_json(read.value()), to_json(made.value()));
        return read;
    }
    Result<Applied> apply(Plan const& made) {
        return apply_plan(test_context(), *store, made, "user:ada");
    }
    template <typename Record>
    Record get(std::string const& id) {
        return must(store->database().read(test_context(), [&](sql::Transaction& transaction) {
            return Table<Record>(transaction).get(id);
        }));
    }
    std::string why_of(std::string const& id) {
        return must(store->database().read(
            test_context(), [&](sql::Transaction& transaction) -> Result<std::string> {
                return why(transaction, TRY(Table<store::Tenant>(transaction).get(id)));
            }));
    }

    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
    std::unique_ptr<store::Store> store =
        must(store::Store::open(test_context(), "sqlite:" + (folder / "store.db").string()));
};

TEST_F(PlanTest, ARebalanceReservesTheSlotsOfItsMovesOnce) {
    auto const made = must(plan({.kind = PlanKind::Rebalance, .limits = {.moves_most = 2}}));
    ASSERT_EQ(made.moves.size(), 2u);
    EXPECT_EQ(made.moves[0].tenant, "tenant-0");  // the smallest of the fullest
    EXPECT_EQ(made.moves[0].to, "aipress-shard-003");
    EXPECT_EQ(must(apply(made)).moves, 2u);
    EXPECT_EQ(must(apply(made)).moves, 2u);
    EXPECT_EQ(get<store::Shard>("aipress-shard-003").reserved, 2);
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").used, 5);  // until the migration is over
    auto const tenant = get<store::Tenant>("tenant-0");
    EXPECT_EQ(tenant.shard, "aipress-shard-001");
    EXPECT_EQ(tenant.next_shard, "aipress-shard-003");
    EXPECT_EQ(tenant.state, store::TenantState::Moving);
    EXPECT_THAT(why_of("tenant-0"), HasSubstr("on its way to aipress-shard-003 (rebalance)"));
    // Who is on its way is no resident of any plan.
    for (auto const& move : must(plan({.kind = PlanKind::Rebalance})).moves) {
        EXPECT_NE(move.tenant, "tenant-0");
    }
}

TEST_F(PlanTest, IsRefusedWhenTheWorldHasMovedOrItWasEdited) {
    auto const made = must(plan({.kind = PlanKind::Rebalance, .limits = {.moves_most = 1}}));
    auto edited = to_json(made);
    edited["moves"].as_array()[0].as_object()["to"] = "aipress-shard-002";
    EXPECT_THAT(read_plan(edited), HasError(ErrorCode::InvalidArgument, HasSubstr("edited")));
    auto false_move = made;
    false_move.moves[0].from = "aipress-shard-002";
    EXPECT_THAT(apply(false_move), HasCode(ErrorCode::InvalidArgument));

    Placer placer(*store);
    must(placer.place(test_context(), {.site = {.tenant = "acme", .pin = "aipress-shard-003"},
                                       .operation = "place-acme"}));
    EXPECT_THAT(apply(made),
                HasError(ErrorCode::FailedPrecondition,
                         HasSubstr("aipress-shard-003 has changed since the plan was made, so "
                                   "nothing was done; make it anew: aipress placement plan "
                                   "rebalance")));
    EXPECT_EQ(get<store::Shard>("aipress-shard-003").reserved, 0);
    EXPECT_THAT(apply(must(plan({.kind = PlanKind::Rebalance, .limits = {.moves_most = 1}}))),
                IsOk());
}

TEST_F(PlanTest, ADrainedShardTakesNobodyAndKeepsWhomItCannotGive) {
    must(apply(must(plan({.kind = PlanKind::Pin, .tenant = "tenant-2"}))));
    auto const made = must(plan({.kind = PlanKind::Drain, .shard = "aipress-shard-001"}));
    EXPECT_EQ(made.moves.size(), 4u);
    ASSERT_EQ(made.staying.size(), 1u);
    EXPECT_EQ(made.staying[0].tenant, "tenant-2");
    must(apply(made));
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").state, ShardState::Draining);
    must(apply(must(plan({.kind = PlanKind::Uncordon, .shard = "aipress-shard-001"}))));
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").state, ShardState::Active);
    must(apply(must(plan({.kind = PlanKind::Cordon, .shard = "aipress-shard-001"}))));
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").state, ShardState::Cordoned);
    EXPECT_THAT(plan({.kind = PlanKind::Drain, .shard = "elsewhere"}),
                HasCode(ErrorCode::NotFound));
}

TEST_F(PlanTest, OnlyAnEmptyShardIsRetiredAndForGood) {
    EXPECT_THAT(plan({.kind = PlanKind::Retire, .shard = "aipress-shard-001"}),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("for 5 tenants: drain it")));
    must(apply(must(plan({.kind = PlanKind::Retire, .shard = "aipress-shard-003"}))));
    EXPECT_EQ(get<store::Shard>("aipress-shard-003").state, ShardState::Retired);
    EXPECT_THAT(plan({.kind = PlanKind::Uncordon, .shard = "aipress-shard-003"}),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST_F(PlanTest, DisplacedTenantsGoHomeWhereThereIsRoom) {
    auto const made = must(plan({.kind = PlanKind::ReturnHome}));
    EXPECT_FALSE(made.moves.empty());
    for (auto const& move : made.moves) {
        EXPECT_EQ(move.to, get<store::Tenant>(move.tenant).home_shard);
    }
    must(apply(made));
    EXPECT_TRUE(must(plan({.kind = PlanKind::ReturnHome})).changes_nothing());
}

TEST_F(PlanTest, APinMovesTheTenantThereAndKeepsItThere) {
    auto const there =
        must(plan({.kind = PlanKind::Pin, .shard = "aipress-shard-003", .tenant = "tenant-0"}));
    ASSERT_EQ(there.moves.size(), 1u);
    must(apply(there));
    EXPECT_EQ(get<store::Tenant>("tenant-0").pinned_to, "aipress-shard-003");
    EXPECT_THAT(plan({.kind = PlanKind::Pin, .tenant = "tenant-0"}),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("on its way")));
    EXPECT_THAT(plan({.kind = PlanKind::Pin, .shard = "aipress-shard-001", .tenant = "tenant-1"}),
                HasError(ErrorCode::ResourceExhausted, HasSubstr("5 of 5 slots")));
    EXPECT_THAT(plan({.kind = PlanKind::Pin, .tenant = "nobody"}), HasCode(ErrorCode::NotFound));
    must(apply(must(plan({.kind = PlanKind::Unpin, .tenant = "tenant-0"}))));
    EXPECT_FALSE(get<store::Tenant>("tenant-0").pinned_to);
}

TEST_F(PlanTest, WhatIsNoPlanIsRefused) {
    auto const whole =
        to_json(must(plan({.kind = PlanKind::Cordon, .shard = "aipress-shard-001"})));
    for (auto const* const field : {"kind", "shard", "moves", "shards", "tenants", "sum"}) {
        auto fields = whole;
        fields.erase(field);
        EXPECT_THAT(read_plan(fields), HasCode(ErrorCode::InvalidArgument)) << field;
        fields[field] = {1, 2};
        EXPECT_THAT(read_plan(fields), HasCode(ErrorCode::InvalidArgument)) << field;
    }
    Plan const empty{.order = {.kind = PlanKind::Drain}};
    EXPECT_THAT(apply(empty), HasCode(ErrorCode::InvalidArgument));
}

}  // namespace
}  // namespace aipress::placement
