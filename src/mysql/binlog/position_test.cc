#include "mysql/binlog/position.h"

#include <gtest/gtest.h>

namespace aipress::mysql::binlog {
namespace {

TEST(PositionTest, TextRoundTrips) {
    auto const position = parse_position("mysql-bin.000042:1337");
    ASSERT_TRUE(position.ok());
    EXPECT_EQ(position.value(), (Position{"mysql-bin.000042", 1337}));
    EXPECT_EQ(position.value().to_string(), "mysql-bin.000042:1337");
}

TEST(PositionTest, LastColonSeparates) {
    auto const position = parse_position("odd:name.000001:4");
    ASSERT_TRUE(position.ok());
    EXPECT_EQ(position.value().file, "odd:name.000001");
}

TEST(PositionTest, RefusesWhatIsNoPosition) {
    for (auto const* text : {"", "file", "file:", ":4", "file:x", "file:4x", "file:-1",
                             "file:18446744073709551616", "file: 4"}) {
        auto const position = parse_position(text);
        ASSERT_FALSE(position.ok()) << text;
        EXPECT_EQ(position.error().code(), ErrorCode::InvalidArgument) << text;
    }
}

TEST(PositionTest, OrdersByFileNumberThenOffset) {
    EXPECT_LT((Position{"bin.000009", 900}), (Position{"bin.000010", 4}));
    EXPECT_LT((Position{"bin.999999", 900}), (Position{"bin.1000000", 4}));
    EXPECT_LT((Position{"bin.000009", 4}), (Position{"bin.000009", 5}));
}

}  // namespace
}  // namespace aipress::mysql::binlog
