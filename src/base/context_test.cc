#include "base/context.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace aipress {
namespace {

using testing::FakeClock;

TEST(ContextTest, within_shortens_but_never_lengthens) {
    FakeClock clock;
    Context const context(clock, Deadline::after(clock, milliseconds(100)), {});
    auto const shorter = context.within(milliseconds(10));
    auto const longer = context.within(milliseconds(1'000));
    clock.advance(milliseconds(10));
    EXPECT_TRUE(shorter.expired());
    EXPECT_FALSE(context.expired());
    clock.advance(milliseconds(90));
    EXPECT_TRUE(longer.expired()) << "outlived its parent";
}

TEST(ContextTest, sleep_tells_whether_there_is_time_left) {
    FakeClock clock;
    Context const context(clock, Deadline::after(clock, milliseconds(100)), {});
    EXPECT_TRUE(context.sleep(milliseconds(60)));
    auto const before = clock.now();
    EXPECT_FALSE(context.sleep(milliseconds(60)));
    EXPECT_EQ(elapsed_ms(before, clock.now()), milliseconds(40)) << "slept past the deadline";
}

TEST(ContextTest, sleep_without_a_deadline_sleeps_its_duration) {
    FakeClock clock;
    Context const context(clock, Deadline::never(), {});
    auto const before = clock.now();
    EXPECT_TRUE(context.sleep(milliseconds(60)));
    EXPECT_EQ(elapsed_ms(before, clock.now()), milliseconds(60));
}

TEST(ContextTest, stop_reaches_every_child) {
    FakeClock clock;
    std::stop_source stop;
    Context const context(clock, Deadline::never(), stop.get_token());
    auto const child = context.within(milliseconds(10));
    EXPECT_FALSE(child.stopped());
    stop.request_stop();
    EXPECT_TRUE(child.stopped());
    EXPECT_FALSE(child.sleep(milliseconds(1)));
}

TEST(ContextTest, stopped_by_listens_to_the_other_token_only) {
    FakeClock clock;
    std::stop_source first;
    std::stop_source second;
    Context const context(clock, Deadline::after(clock, milliseconds(100)), first.get_token());
    auto const other = context.stopped_by(second.get_token());
    first.request_stop();
    EXPECT_FALSE(other.stopped());
    second.request_stop();
    EXPECT_TRUE(other.stopped());
    clock.advance(milliseconds(100));
    EXPECT_TRUE(other.expired()) << "the deadline is kept";
}

}  // namespace
}  // namespace aipress
