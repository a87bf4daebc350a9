#include "bench/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aipress::bench {
namespace {

using ::testing::HasSubstr;

TEST(ResultsTest, the_median_is_the_middle) {
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median({7}), 7);
}

TEST(ResultsTest, a_missed_goal_is_said) {
    auto fence = median_figure("fence", "at 200 MB", {900, 1'100, 1'500}, "ms");
    fence.goal = 1'000;
    EXPECT_FALSE(fence.reached());
    EXPECT_THAT(render_table({fence}), HasSubstr("at most 1000: MISSED"));
    fence.goal = 1'100;
    EXPECT_THAT(render_table({fence}), HasSubstr("at most 1100: reached"));
    fence.at_most = false;
    fence.goal = 1'101;
    EXPECT_THAT(render_table({fence}), HasSubstr("at least 1101: MISSED"));
    EXPECT_EQ(to_json({fence}).at("figures").as_array()[0].at("reached"), false);
}

}  // namespace
}  // namespace aipress::bench
