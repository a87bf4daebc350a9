#include "base/clock.h"

#include <gtest/gtest.h>
#include <thread>

#include "testing/fake_clock.h"

namespace aipress {
namespace {

using std::chrono::hours;
using testing::FakeClock;

TEST(DeadlineTest, passes_exactly_at_its_time) {
    FakeClock clock;
    auto const deadline = Deadline::after(clock, milliseconds(100));
    EXPECT_EQ(deadline.remaining(clock), milliseconds(100));
    clock.advance(milliseconds(99));
    EXPECT_FALSE(deadline.passed(clock));
    EXPECT_EQ(deadline.remaining(clock), milliseconds(1));
    clock.advance(milliseconds(1));
    EXPECT_TRUE(deadline.passed(clock));
    clock.advance(hours(1));
    EXPECT_EQ(deadline.remaining(clock), milliseconds(0)) << "never negative";
}

TEST(DeadlineTest, never_does_not_pass) {
    FakeClock clock;
    auto const deadline = Deadline::never();
    clock.advance(hours(24 * 365 * 100));
    EXPECT_TRUE(deadline.is_never());
    EXPECT_FALSE(deadline.passed(clock));
    EXPECT_EQ(deadline.remaining(clock), milliseconds::max());
}

TEST(DeadlineTest, a_child_never_exceeds_its_parent) {
    FakeClock clock;
    auto const parent = Deadline::after(clock, milliseconds(100));
    EXPECT_EQ(parent.capped(clock, milliseconds(30)).remaining(clock), milliseconds(30));
    EXPECT_EQ(parent.capped(clock, milliseconds(300)).remaining(clock), milliseconds(100));
    EXPECT_EQ(Deadline::never().capped(clock, milliseconds(30)).remaining(clock), milliseconds(30));
    EXPECT_TRUE(parent.capped(clock, milliseconds(0)).passed(clock));
}

TEST(SystemClockTest, a_stop_wakes_a_sleeper) {
    SystemClock clock;
    std::stop_source stop;
    auto const began = clock.now();
    std::jthread const stopper([&] { stop.request_stop(); });
    EXPECT_FALSE(clock.sleep_for(hours(1), stop.get_token()));
    EXPECT_LT(clock.now() - began, std::chrono::minutes(1));
}

TEST(SystemClockTest, sleeps_its_time_out) {
    SystemClock clock;
    auto const began = clock.now();
    EXPECT_TRUE(clock.sleep_for(milliseconds(20), std::stop_token()));
    EXPECT_GE(clock.now() - began, milliseconds(20));
}

TEST(FakeClockTest, sleeping_moves_the_clock_unless_stopped) {
    FakeClock clock;
    auto const began = clock.now();
    EXPECT_TRUE(clock.sleep_for(milliseconds(50), std::stop_token()));
    EXPECT_EQ(elapsed_ms(began, clock.now()), milliseconds(50));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(clock.sleep_for(milliseconds(50), stop.get_token()));
    EXPECT_EQ(elapsed_ms(began, clock.now()), milliseconds(50));
}

}  // namespace
}  // namespace aipress
