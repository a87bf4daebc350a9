#include "fleet/epoch.h"

#include <gtest/gtest.h>

namespace aipress::fleet {
namespace {

// By hashlib:
//     int(hashlib.sha256(tenant.encode()).hexdigest()[:8], 16) % shards + 1
TEST(EpochTest, HomesAreThoseOfTheMigrationPlansFormula) {
    struct {
        char const* tenant;
        unsigned of_1;
        unsigned of_50;
        unsigned of_1000;
        unsigned of_1020;
    } const vectors[] = {
        {"tenant-001", 1, 36, 236, 696},       // 7de64a0b…
        {"tenant-0", 1, 25, 75, 275},          // 0e74f59a…
        {"tenant-49999", 1, 27, 527, 287},     // 6ff21e9e…
        {"acme", 1, 8, 358, 398},              // 822b33ad…, above 2^31
        {"blog.example.com", 1, 32, 532, 732}  // bd0054cb…
    };
    for (auto const& vector : vectors) {
        EXPECT_EQ(home_number(vector.tenant, {.shards = 1}), vector.of_1) << vector.tenant;
        EXPECT_EQ(home_number(vector.tenant, {.shards = 50}), vector.of_50) << vector.tenant;
        EXPECT_EQ(home_number(vector.tenant, {.shards = 1'000}), vector.of_1000) << vector.tenant;
        EXPECT_EQ(home_number(vector.tenant, {.shards = 1'020}), vector.of_1020) << vector.tenant;
    }
    EXPECT_EQ(home_shard("acme", {.shards = 1'000}), "aipress-shard-358");
    EXPECT_EQ(home_shard("acme", {.shards = 50}), "aipress-shard-008");
}

// By the formula in epoch.h, in Python.
TEST(EpochTest, RendezvousWeights) {
    auto const tenant = name_hash("tenant-001");
    EXPECT_EQ(tenant, 0x7de64a0b0fd18223u);
    EXPECT_EQ(rendezvous_weight(tenant, name_hash("aipress-shard-001")), 0x9d2319d713fcdfaau);
    EXPECT_EQ(rendezvous_weight(tenant, name_hash("aipress-shard-002")), 0x1f564af0f2db4d98u);
}

}  // namespace
}  // namespace aipress::fleet
