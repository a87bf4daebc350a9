#include "sandbox/timestamps.h"

#include <gtest/gtest.h>

namespace aipress::sandbox {
namespace {

using std::chrono::seconds;

TEST(Timestamps, AreReadWithFractionsAndOffsets) {
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:01Z"), seconds(1));
    EXPECT_EQ(parse_timestamp("1970-01-01T01:30:00.5+01:30"), Nanoseconds(500'000'000));
    EXPECT_EQ(parse_timestamp("1969-12-31T23:00:00-01:00"), seconds(0));
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.1234567891Z"), Nanoseconds(123'456'789));
    for (auto const* const text :
         {"", "1970-01-01", "1970-01-01T00:00:00", "1970-02-30T00:00:00Z", "1970-01-01T24:00:00Z",
          "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "0001-01-01T00:00:00Z",
          "1970-01-01T00:00:00+1:00"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

TEST(Timestamps, AreWrittenWithAsManyDigitsAsItTakes) {
    for (auto const* const text :
         {"2026-11-25T18:30:00Z", "2026-11-25T18:30:00.120Z", "2026-11-25T18:30:00.000001Z",
          "2026-11-25T18:30:00.000000001Z", "1969-12-31T23:59:59.500Z"}) {
        EXPECT_EQ(format_timestamp(*parse_timestamp(text)), text);
    }
}

TEST(Timestamps, DurationsAreSeconds) {
    EXPECT_EQ(parse_duration("3600s"), seconds(3600));
    EXPECT_EQ(parse_duration("0.25s"), Nanoseconds(250'000'000));
    for (auto const* const text : {"", "s", "-1s", "-0.5s", "1", "1m", "1.s", "99999999999999s"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace aipress::sandbox
