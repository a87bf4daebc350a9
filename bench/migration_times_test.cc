#include "bench/migration_times.h"

#include <gtest/gtest.h>

namespace aipress::bench {
namespace {

TEST(MigrationTimesTest, what_is_no_data_and_no_waiting_is_control) {
    migration::JournalContent content;
    WallTime now{};
    auto const action = [&](std::string const& name, int took_ms, migration::Event end) {
        content.entries.push_back(
            {.at = now, .action = name, .event = migration::Event::Begun, .facts = {}});
        now += milliseconds(took_ms);
        content.entries.push_back({.at = now, .action = name, .event = end, .facts = {}});
    };
    action("backup/take", 2'000, migration::Event::Done);
    action("provision/user", 700, migration::Event::Failed);
    action("provision/user", 300, migration::Event::Done);
    action("provision/ttl", 200, migration::Event::Done);
    action("routing/wait", 5'000, migration::Event::Done);
    action("routing/switch", 400, migration::Event::Done);
    action("routing/dns", 100, migration::Event::Done);
    content.actions["routing/switch"].event = migration::Event::Done;
    content.actions["routing/switch"].after = {{"fence_ms", 321}};
    auto const times = times_of(content);
    EXPECT_DOUBLE_EQ(times.data, 2.4);
    EXPECT_DOUBLE_EQ(times.waiting, 5);
    EXPECT_DOUBLE_EQ(times.control.at("provision"), 0.5);
    EXPECT_DOUBLE_EQ(times.control.at("routing"), 0.1);
    EXPECT_DOUBLE_EQ(times.control_seconds(), 0.6);
    EXPECT_EQ(times.fence_ms, 321);
    EXPECT_EQ(times_of({}).fence_ms, -1);
}

}  // namespace
}  // namespace aipress::bench
