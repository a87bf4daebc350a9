#include "fleet/load.h"

#include <gtest/gtest.h>

namespace aipress::fleet {
namespace {

TEST(LoadTest, BothSlotsAndWeightHaveToFit) {
    auto const capacity = capacity_of(2);
    EXPECT_TRUE(fits({1, 1'000}, kOrdinarySite, capacity));
    EXPECT_FALSE(fits({2, 0}, kOrdinarySite, capacity));
    EXPECT_FALSE(fits({1, 1'001}, kOrdinarySite, capacity));
    EXPECT_FALSE(fits({3, 0}, {0, 0}, capacity));  // over it already
    EXPECT_FALSE(fits({1, 1'000}, {1, UINT64_MAX}, capacity));
}

TEST(LoadTest, AShardIsAsFullAsTheFullerOfTheTwo) {
    EXPECT_EQ(fill_of({25, 10'000}, capacity_of(50)), 500'000u);
    EXPECT_EQ(fill_of({25, 40'000}, capacity_of(50)), 800'000u);
    EXPECT_EQ(fill_of({}, {}), kFull);
    EXPECT_EQ(fill_of({0, UINT64_MAX}, {1, 1}), UINT64_MAX);
    EXPECT_EQ(describe({49, 48'200}, capacity_of(50)), "49 of 50 slots, 48.2 of 50 in weight");
}

TEST(LoadTest, ASiteWeighsByItsHeaviestMeasure) {
    EXPECT_EQ(weight_of({}), 1'000u);
    EXPECT_EQ(weight_of({.connections = 8, .bytes = 1, .requests = 1}), 1'000u);
    EXPECT_EQ(weight_of({.connections = 1, .requests = 60'000}), 3'000u);
    EXPECT_EQ(weight_of({.bytes = 5'000'000'001}), 1'001u);
    EXPECT_EQ(weight_of({.bytes = 0}), 100u);
    EXPECT_EQ(weight_of({.connections = UINT64_MAX}), UINT64_MAX);
}

}  // namespace
}  // namespace aipress::fleet
