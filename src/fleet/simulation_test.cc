// What the design promises of 50,000 tenants on 1,000 shards of 50. Kept small elsewhere: the whole
// fleet takes half a second.
#include "fleet/simulation.h"

#include <gtest/gtest.h>

namespace aipress::fleet {
namespace {

TEST(SimulationTest, AFullFleetDisplacesFewAndMovesNobody) {
    auto const made = simulate({});
    ASSERT_TRUE(made.ok()) << made.error().message();
    auto const& fleet = made.value();
    EXPECT_DOUBLE_EQ(fleet.load, 1.0);
    // The research's own figures for these names.
    EXPECT_EQ(fleet.displaced_in_batch, 2'826u);
    EXPECT_LE(fleet.displaced_online, 2'985u);
    EXPECT_GE(fleet.displaced_online, fleet.displaced_in_batch);
    EXPECT_EQ(fleet.fullest_home, 72u);
    EXPECT_EQ(fleet.overfull_homes, 468u);
    EXPECT_EQ(fleet.fullest_shard, 50u);
    EXPECT_EQ(fleet.moved_by_adding, 0u);
    EXPECT_GT(fleet.formula_would_move, 45'000u);
    EXPECT_LE(fleet.moved_by_loss, 50u);
    EXPECT_EQ(fleet.moved_by_loss, fleet.lived_there);
}

TEST(SimulationTest, WhatOneSeedDoesItDoesAgain) {
    SimulationOptions const options{.tenants = 900, .shards = 20, .seed = 7};
    auto const once = simulate(options);
    auto const again = simulate(options);
    ASSERT_TRUE(once.ok() && again.ok());
    EXPECT_EQ(once->displaced_online, again->displaced_online);
    EXPECT_EQ(once->displaced_in_batch,
              simulate({.tenants = 900, .shards = 20})->displaced_in_batch);
}

TEST(SimulationTest, MoreThanFitsIsRefused) {
    for (auto const& [options, code] : std::vector<std::pair<SimulationOptions, ErrorCode>>{
             {{.tenants = 101, .shards = 2}, ErrorCode::ResourceExhausted},
             {{.tenants = 100, .shards = 2, .spare_percent = 2}, ErrorCode::ResourceExhausted},
             {{.tenants = 0}, ErrorCode::InvalidArgument},
             {{.shards = 0}, ErrorCode::InvalidArgument},
             {{.shards = 200'000}, ErrorCode::InvalidArgument},
             {{.capacity = 0}, ErrorCode::InvalidArgument},
             {{.spare_percent = 100}, ErrorCode::InvalidArgument}}) {
        auto const made = simulate(options);
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.error().code(), code) << made.error().message();
    }
}

}  // namespace
}  // namespace aipress::fleet
