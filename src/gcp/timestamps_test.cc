#include "gcp/timestamps.h"

#include <gmock/gmock.h>

namespace aipress::gcp {
namespace {

TEST(GcpTimestampsTest, TimesAsGoogleWritesThem) {
    using namespace std::chrono;
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), WallTime());
    WallTime const day = sys_days(year(2026) / 2 / 28);
    EXPECT_EQ(parse_timestamp("2026-02-28T23:59:07Z"), day + hours(23) + minutes(59) + seconds(7));
    EXPECT_EQ(parse_timestamp("2026-02-28T00:00:00.5Z"), day + milliseconds(500));
    EXPECT_EQ(parse_timestamp("2026-02-28T00:00:00.000000001Z"), day + nanoseconds(1));
    for (auto const* const none :
         {"", "Z", "2026-02-29T00:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28 00:00:00Z",
          "2026-02-28T00:00:00", "2026-02-28T00:00:00+01:00", "2026-02-28T00:00:00.Z ",
          "2026-02-28T00:00:00.1234567890Z", "2026-02-28T-1:00:00Z", "2026-02-28T00:00:00xyzZ"}) {
        EXPECT_EQ(parse_timestamp(none), std::nullopt) << none;
    }
}

}  // namespace
}  // namespace aipress::gcp
