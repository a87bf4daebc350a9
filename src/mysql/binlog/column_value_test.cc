// Values of every type, from bytes as servers store them.
#include "mysql/binlog/column_value.h"

#include <gtest/gtest.h>

#include "mysql/binlog/decimal.h"
#include "testing/binlog_events.h"

namespace aipress::mysql::binlog {
namespace {

using testing::BodyBuilder;
using testing::Bytes;
using Kind = ColumnValue::Kind;

Bytes stored(std::initializer_list<unsigned> values) {
    return BodyBuilder().bytes(values).body();
}

ColumnValue decoded(Bytes const& bytes, FieldType type, std::uint16_t metadata = 0) {
    StoredType const resolved = stored_type(static_cast<std::uint8_t>(type), metadata);
    ByteReader reader(bytes);
    auto const taken = take_stored(reader, resolved);
    if (!taken.ok() || !reader.at_end()) {
        ADD_FAILURE() << "wrong size";
        return {};
    }
    auto value = decode_stored(taken.value(), resolved, 1'000'000);
    EXPECT_TRUE(value.ok());
    return value.ok() ? value.release() : ColumnValue{};
}

std::string text(Bytes const& bytes, FieldType type, std::uint16_t metadata = 0) {
    auto const value = decoded(bytes, type, metadata);
    EXPECT_EQ(value.kind, Kind::Text);
    return value.bytes;
}

TEST(ColumnValueTest, Integers) {
    EXPECT_EQ(decoded(stored({0xfb}), FieldType::Tiny).as_signed(), -5);
    EXPECT_EQ(decoded(stored({0x01, 0x02}), FieldType::Short).as_unsigned(), 0x0201U);
    EXPECT_EQ(decoded(stored({0xff, 0xff, 0xff}), FieldType::Int24).as_signed(), -1);
    EXPECT_EQ(decoded(stored({1, 0, 0, 0x80}), FieldType::Long).as_unsigned(), 0x80000001U);
    EXPECT_EQ(decoded(stored({1, 0, 0, 0, 0, 0, 0, 0x80}), FieldType::LongLong).as_unsigned(),
              0x8000000000000001U);
}

TEST(ColumnValueTest, YearsAreYears) {
    EXPECT_EQ(decoded(stored({0}), FieldType::Year).as_signed(), 0);
    EXPECT_EQ(decoded(stored({1}), FieldType::Year).as_signed(), 1901);
    EXPECT_EQ(decoded(stored({255}), FieldType::Year).as_signed(), 2155);
}

TEST(ColumnValueTest, BitsEnumsAndSets) {
    auto const bits = decoded(stored({0x01, 0x02}), FieldType::Bit, 1 << 8 | 1);
    EXPECT_EQ(bits.kind, Kind::Bits);
    EXPECT_EQ(bits.integer, 0x0102U);
    auto const choice = decoded(stored({0x2c, 0x01}), FieldType::String, 247 << 8 | 2);
    EXPECT_EQ(choice.kind, Kind::Integer);
    EXPECT_EQ(choice.integer, 300U);
    auto const set = decoded(stored({0x01, 0x02, 0x80}), FieldType::String, 248 << 8 | 3);
    EXPECT_EQ(set.kind, Kind::Bits);
    EXPECT_EQ(set.integer, 0x800201U);
}

TEST(ColumnValueTest, Reals) {
    EXPECT_EQ(decoded(stored({0, 0, 0xc0, 0xbf}), FieldType::Float, 4).real, -1.5);
    EXPECT_EQ(decoded(stored({0, 0, 0, 0, 0, 0, 0xf8, 0x3f}), FieldType::Double, 8).real, 1.5);
}

// The examples of MySQL's strings/decimal.c.
TEST(ColumnValueTest, Decimals) {
    std::uint16_t const format = 4 << 8 | 14;
    EXPECT_EQ(
        text(stored({0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2}), FieldType::NewDecimal, format),
        "1234567890.1234");
    EXPECT_EQ(
        text(stored({0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d}), FieldType::NewDecimal, format),
        "-1234567890.1234");
    EXPECT_EQ(text(stored({0x80, 0, 0, 0, 0, 0, 0}), FieldType::NewDecimal, format), "0.0000");
    EXPECT_EQ(text(stored({0x85}), FieldType::NewDecimal, 1), "5");
    EXPECT_EQ(text(stored({0x85}), FieldType::NewDecimal, 1 << 8 | 1), "0.5");
}

TEST(ColumnValueTest, ImpossibleDecimalsAreDataLoss) {
    EXPECT_FALSE(decimal_size({0, 0}).ok());
    EXPECT_FALSE(decimal_size({66, 0}).ok());
    EXPECT_FALSE(decimal_size({5, 6}).ok());
    auto const digits = stored({0xff, 0xff, 0xff, 0xff});
    EXPECT_EQ(decimal_text(digits, {9, 0}).error().code(), ErrorCode::DataLoss);
}

TEST(ColumnValueTest, Dates) {
    EXPECT_EQ(text(stored({0x43, 0xc8, 0x0f}), FieldType::Date), "2020-02-03");
    EXPECT_EQ(text(stored({0, 0, 0}), FieldType::Date), "0000-00-00");
}

TEST(ColumnValueTest, TimesWithTheirFraction) {
    EXPECT_EQ(text(stored({0x80, 0xc8, 0xb8}), FieldType::Time2, 0), "12:34:56");
    EXPECT_EQ(text(stored({0x7f, 0x37, 0x48}), FieldType::Time2, 0), "-12:34:56");
    EXPECT_EQ(text(stored({0x80, 0, 0x01, 0x32}), FieldType::Time2, 1), "00:00:01.5");
    // -00:00:00.50 is 0x8000.00 - 0.32.
    EXPECT_EQ(text(stored({0x7f, 0xff, 0xff, 0xce}), FieldType::Time2, 2), "-00:00:00.50");
    EXPECT_EQ(text(stored({0x7f, 0xff, 0xff, 0xfe, 0xd4}), FieldType::Time2, 3), "-00:00:00.030");
    EXPECT_EQ(text(stored({0x7f, 0xff, 0xff, 0xff, 0xff, 0xff}), FieldType::Time2, 6),
              "-00:00:00.000001");
    EXPECT_EQ(text(stored({0x80, 0, 0}), FieldType::Time2, 0), "00:00:00");
}

TEST(ColumnValueTest, DateTimesAndTimestamps) {
    EXPECT_EQ(text(stored({0x80, 0, 0, 0, 0}), FieldType::DateTime2, 0), "0000-00-00 00:00:00");
    EXPECT_EQ(text(stored({0x99, 0xa5, 0x86, 0x41, 0x46, 0x03, 0x15}), FieldType::DateTime2, 3),
              "2020-02-03 04:05:06.078");
    EXPECT_EQ(text(stored({0, 0, 0, 0, 0, 0}), FieldType::Timestamp2, 4),
              "0000-00-00 00:00:00.0000");
    EXPECT_EQ(text(stored({0x7f, 0xff, 0xff, 0xff}), FieldType::Timestamp2, 0),
              "2038-01-19 03:14:07");
    EXPECT_EQ(text(stored({0xff, 0xff, 0xff, 0xff}), FieldType::Timestamp2, 0),
              "2106-02-07 06:28:15");
}

TEST(ColumnValueTest, TemporalsOfOldServers) {
    EXPECT_EQ(text(stored({0x40, 0xe2, 0x01}), FieldType::Time), "12:34:56");
    EXPECT_EQ(text(stored({0xc0, 0x1d, 0xfe}), FieldType::Time), "-12:34:56");
    EXPECT_EQ(text(stored({0xfa, 0x36, 0xed, 0x39, 0x5f, 0x12, 0x00, 0x00}), FieldType::DateTime),
              "2020-02-03 04:05:06");
    EXPECT_EQ(text(stored({0x01, 0, 0, 0}), FieldType::Timestamp), "1970-01-01 00:00:01");
    EXPECT_EQ(text(stored({0, 0, 0, 0}), FieldType::Timestamp), "0000-00-00 00:00:00");
}

TEST(ColumnValueTest, StringsAndTheirLengths) {
    EXPECT_EQ(decoded(stored({2, 'h', 'i'}), FieldType::VarChar, 255).bytes, "hi");
    EXPECT_EQ(decoded(stored({2, 0, 'h', 'i'}), FieldType::VarChar, 256).bytes, "hi");
    EXPECT_EQ(decoded(stored({2, 'h', 'i'}), FieldType::String, 254 << 8 | 10).bytes, "hi");
    // CHAR(255) of utf8mb4: 1020 = 0x3fc bytes; bits 8 and 9 are in the type, inverted.
    std::uint16_t const long_char = (254 ^ 0x30) << 8 | 0xfc;
    EXPECT_EQ(stored_type(254, long_char).metadata, 1020);
    EXPECT_EQ(decoded(stored({2, 0, 'h', 'i'}), FieldType::String, long_char).bytes, "hi");
    for (std::uint16_t width = 1; width <= 4; ++width) {
        Bytes const blob = BodyBuilder().number(2, width).text("hi").body();
        EXPECT_EQ(decoded(blob, FieldType::Blob, width).bytes, "hi");
        EXPECT_EQ(decoded(blob, FieldType::Json, width).bytes, "hi");
        EXPECT_EQ(decoded(blob, FieldType::Geometry, width).bytes, "hi");
    }
}

TEST(ColumnValueTest, MariaDbCompressedColumns) {
    EXPECT_EQ(decoded(stored({3, 0x00, 'h', 'i'}), FieldType::VarCharCompressed, 100).bytes, "hi");
    EXPECT_EQ(decoded(stored({0}), FieldType::BlobCompressed, 1).bytes, "");
    StoredType const type{FieldType::BlobCompressed, 1};
    EXPECT_EQ(decode_stored(stored({0x81, 5, 1, 2, 3}), type, 1000).error().code(),
              ErrorCode::DataLoss);
    EXPECT_EQ(decode_stored(stored({0x70, 5}), type, 1000).error().code(),
              ErrorCode::Unimplemented);
}

TEST(ColumnValueTest, UnknownTypesAreUnimplemented) {
    for (unsigned const type : {0U, 6U, 20U, 243U, 244U, 253U}) {
        auto const size = metadata_size(static_cast<std::uint8_t>(type));
        ASSERT_FALSE(size.ok()) << type;
        EXPECT_EQ(size.error().code(), ErrorCode::Unimplemented);
    }
}

TEST(ColumnValueTest, ImpossibleMetadataIsDataLoss) {
    auto const take = [](FieldType type, std::uint16_t metadata) {
        Bytes const bytes(64);
        ByteReader reader(bytes);
        auto const taken = take_stored(reader, {type, metadata});
        return taken.ok() ? ErrorCode::Unknown : taken.error().code();
    };
    EXPECT_EQ(take(FieldType::Time2, 7), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::Blob, 5), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::Blob, 0), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::Bit, 0), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::Bit, 9 << 8), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::Set, 9), ErrorCode::DataLoss);
    EXPECT_EQ(take(FieldType::NewDecimal, 0), ErrorCode::DataLoss);
}

}  // namespace
}  // namespace aipress::mysql::binlog
