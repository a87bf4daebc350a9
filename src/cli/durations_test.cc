#include "cli/durations.h"

#include <gtest/gtest.h>

namespace aipress::cli {
namespace {

TEST(DurationTest, ReadsNumberAndUnit) {
    auto const ms = [](std::string_view text) { return parse_duration(text).value().count(); };
    EXPECT_EQ(ms("1ms"), 1);
    EXPECT_EQ(ms("500ms"), 500);
    EXPECT_EQ(ms("15s"), 15'000);
    EXPECT_EQ(ms("2m"), 120'000);
    EXPECT_EQ(ms("168h"), 604'800'000);
}

TEST(DurationTest, RefusesAllElse) {
    for (auto const* text : {"", "s", "15", "15 s", "1.5s", "-1s", "15S", "1d", "s15", "15sec"}) {
        auto const parsed = parse_duration(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code(), ErrorCode::InvalidArgument);
        EXPECT_NE(parsed.error().message().find("'" + std::string(text) + "'"), std::string::npos);
    }
    for (auto const* text : {"0s", "169h", "9223372036854775807h"}) {
        auto const parsed = parse_duration(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_NE(parsed.error().message().find("between 1ms and a week"), std::string::npos)
            << parsed.error().message();
    }
}

TEST(DurationTest, IsWrittenForPeople) {
    EXPECT_EQ(format_duration(milliseconds(0)), "0 ms");
    EXPECT_EQ(format_duration(milliseconds(999)), "999 ms");
    EXPECT_EQ(format_duration(milliseconds(1'049)), "1.0 s");
    EXPECT_EQ(format_duration(milliseconds(59'999)), "59.9 s");
    EXPECT_EQ(format_duration(milliseconds(185'000)), "3 m 05 s");
    EXPECT_EQ(format_duration(milliseconds(7'620'000)), "2 h 07 m");
}

}  // namespace
}  // namespace aipress::cli
