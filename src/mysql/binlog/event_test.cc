#include "mysql/binlog/event.h"

#include <gtest/gtest.h>

namespace aipress::mysql::binlog {
namespace {

ColumnValue integer(std::uint64_t value, std::uint8_t width) {
    ColumnValue column;
    column.kind = ColumnValue::Kind::Integer;
    column.integer = value;
    column.width = width;
    return column;
}

TEST(EventTest, SignComesFromTheWidth) {
    EXPECT_EQ(integer(0xff, 1).as_signed(), -1);
    EXPECT_EQ(integer(0xff, 1).as_unsigned(), 255U);
    EXPECT_EQ(integer(0x7f, 1).as_signed(), 127);
    EXPECT_EQ(integer(0x8000, 2).as_signed(), -32768);
    EXPECT_EQ(integer(0xfffffb, 3).as_signed(), -5);
    EXPECT_EQ(integer(0xfffffffb, 4).as_signed(), -5);
    EXPECT_EQ(integer(0xff, 4).as_signed(), 255);
    EXPECT_EQ(integer(0xffffffffffffffff, 8).as_signed(), -1);
    EXPECT_EQ(integer(0x8000000000000000, 8).as_signed(), INT64_MIN);
}

}  // namespace
}  // namespace aipress::mysql::binlog
