#include "mysql/binlog/position_tracker.h"

#include <gtest/gtest.h>

namespace aipress::mysql::binlog {
namespace {

Event event_ending_at(std::uint64_t end_offset, EventBody body = Ignored{}) {
    return {.timestamp = 0, .server_id = 1, .end_offset = end_offset, .body = std::move(body)};
}

TEST(PositionTrackerTest, FollowsEventsAndRotations) {
    PositionTracker tracker({"bin.000001", 4});
    tracker.advance(event_ending_at(120), 116);
    EXPECT_EQ(tracker.position(), (Position{"bin.000001", 120}));
    tracker.advance(event_ending_at(160, Rotate{"bin.000002", 4}), 40);
    EXPECT_EQ(tracker.position(), (Position{"bin.000002", 4}));
}

TEST(PositionTrackerTest, EventsWithoutAnOffsetDoNotMoveIt) {
    PositionTracker tracker({"bin.000001", 500});
    tracker.advance(event_ending_at(0), 100);
    tracker.advance(event_ending_at(256), 100);  // the format description, sent again
    tracker.advance(event_ending_at(900, Heartbeat{}), 40);
    EXPECT_EQ(tracker.position(), (Position{"bin.000001", 500}));
}

TEST(PositionTrackerTest, CountsOnBeyond4GiB) {
    constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;
    PositionTracker tracker({"bin.000001", kWrap - 10});
    tracker.advance(event_ending_at(20), 30);
    EXPECT_EQ(tracker.position().offset, kWrap + 20);
    tracker.advance(event_ending_at(70), 50);
    EXPECT_EQ(tracker.position().offset, kWrap + 70);
}

}  // namespace
}  // namespace aipress::mysql::binlog
