#include "base/clock.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

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

TEST(SystemClockTest, alarms_ring_once_and_in_order) {
    SystemClock clock;
    std::vector<int> rung;
    std::promise<void> last;
    auto const began = clock.now();
    auto const second = clock.call_at(began + milliseconds(20), [&] {
        rung.push_back(2);
        last.set_value();
    });
    auto const first = clock.call_at(began + milliseconds(5), [&] { rung.push_back(1); });
    last.get_future().wait();
    EXPECT_EQ(rung, (std::vector<int>{1, 2}));
    EXPECT_GE(clock.now() - began, milliseconds(20));
}

TEST(SystemClockTest, an_alarm_that_is_gone_does_not_ring) {
    SystemClock clock;
    bool rung = false;
    std::promise<void> later;
    auto const began = clock.now();
    auto called_off = clock.call_at(began + milliseconds(10), [&] { rung = true; });
    auto const other = clock.call_at(began + milliseconds(20), [&] { later.set_value(); });
    called_off.reset();
    later.get_future().wait();
    EXPECT_FALSE(rung);
}

TEST(SystemClockTest, the_alarm_waits_for_a_call_under_way) {
    SystemClock clock;
    std::promise<void> inside;
    std::promise<void> go_on;
    std::atomic<bool> ended = false;
    auto alarm = clock.call_at(clock.now(), [&] {
        inside.set_value();
        go_on.get_future().wait();
        ended = true;
    });
    inside.get_future().wait();
    std::jthread const releaser([&] { go_on.set_value(); });
    alarm.reset();
    EXPECT_TRUE(ended);
}

TEST(FakeClockTest, alarms_ring_when_the_clock_gets_there) {
    FakeClock clock;
    int rung = 0;
    auto const start = clock.now();
    auto const alarm = clock.call_at(start + milliseconds(10), [&] { ++rung; });
    auto called_off = clock.call_at(start + milliseconds(10), [&] { rung += 100; });
    clock.advance(milliseconds(9));
    EXPECT_EQ(rung, 0);
    called_off.reset();
    clock.advance(milliseconds(1));
    clock.advance(milliseconds(1));
    EXPECT_EQ(rung, 1);
    auto const overdue = clock.call_at(start, [&] { ++rung; });
    EXPECT_EQ(rung, 2);
}

}  // namespace
}  // namespace aipress
