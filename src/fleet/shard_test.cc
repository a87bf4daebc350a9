#include "fleet/shard.h"

#include <gtest/gtest.h>

namespace aipress::fleet {
namespace {

TEST(ShardTest, PartsAreNamedAfterIt) {
    Shard const shard{.project = shard_name(7)};
    EXPECT_EQ(shard.project, "aipress-shard-007");
    EXPECT_EQ(shard.instance(), "aipress-shard-007-db");
    EXPECT_EQ(shard.bucket(), "aipress-shard-007-media");
    EXPECT_EQ(shard.ingress("aipress.io"), "aipress-shard-007.aipress.io");
    EXPECT_EQ(Shard::prefix("tenant-001"), "tenants/tenant-001/");
    EXPECT_EQ(shard_name(1'000), "aipress-shard-1000");
}

TEST(ShardTest, StatesAreReadAsTheyAreWritten) {
    for (auto const state : {ShardState::Active, ShardState::Cordoned, ShardState::Draining,
                             ShardState::Full, ShardState::Retired}) {
        EXPECT_EQ(shard_state_of(to_string(state)), state);
    }
    EXPECT_EQ(shard_state_of("Active"), std::nullopt);
    EXPECT_EQ(shard_state_of(""), std::nullopt);
}

}  // namespace
}  // namespace aipress::fleet
