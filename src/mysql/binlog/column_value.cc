#include "mysql/binlog/column_value.h"

#include <bit>
#include <string>
#include <utility>

#include "mysql/binlog/compression.h"
#include "mysql/binlog/decimal.h"
#include "mysql/binlog/temporal.h"

namespace aipress::mysql::binlog {

namespace {

Error unknown_type(std::uint8_t type) {
    return {ErrorCode::Unimplemented, "column type " + std::to_string(type)};
}

DecimalFormat decimal_format(StoredType type) {
    return {type.metadata & 0xffU, static_cast<unsigned>(type.metadata) >> 8U};
}

std::size_t bit_size(StoredType type) {
    return (type.metadata >> 8U) + ((type.metadata & 0xffU) != 0 ? 1U : 0U);
}

// Bytes of a type whose size does not depend on the value; 0 for the others.
Result<std::size_t> fixed_size(StoredType type) {
    auto const with_fraction = [&](std::size_t whole) -> Result<std::size_t> {
        if (type.metadata > 6) return malformed("more than 6 digits of a second");
        return whole + (type.metadata + 1U) / 2;
    };
    auto const at_most_8 = [](std::size_t size) -> Result<std::size_t> {
        if (size < 1 || size > 8) return malformed("impossible size of BIT, ENUM or SET");
        return size;
    };
    switch (type.type) {
        case FieldType::Tiny:
        case FieldType::Year:
            return std::size_t{1};
        case FieldType::Short:
            return std::size_t{2};
        case FieldType::Int24:
        case FieldType::Date:
        case FieldType::NewDate:
        case FieldType::Time:
            return std::size_t{3};
        case FieldType::Long:
        case FieldType::Float:
        case FieldType::Timestamp:
            return std::size_t{4};
        case FieldType::LongLong:
        case FieldType::Double:
        case FieldType::DateTime:
            return std::size_t{8};
        case FieldType::Timestamp2:
            return with_fraction(4);
        case FieldType::DateTime2:
            return with_fraction(5);
        case FieldType::Time2:
            return with_fraction(3);
        case FieldType::NewDecimal:
            return decimal_size(decimal_format(type));
        case FieldType::Bit:
            return at_most_8(bit_size(type));
        case FieldType::Enum:
        case FieldType::Set:
            return at_most_8(type.metadata & 0xffU);
        default:
            return std::size_t{0};
    }
}

// Bytes of the length in front of a value of variable size.
Result<std::size_t> length_width(StoredType type) {
    switch (type.type) {
        case FieldType::String:
        case FieldType::VarChar:
        case FieldType::VarCharCompressed:
            return std::size_t{type.metadata > 255 ? 2U : 1U};
        case FieldType::TinyBlob:
        case FieldType::MediumBlob:
        case FieldType::LongBlob:
        case FieldType::Blob:
        case FieldType::BlobCompressed:
        case FieldType::Json:
        case FieldType::Geometry:
        case FieldType::Vector:
            if (type.metadata < 1 || type.metadata > 4) return malformed("impossible BLOB");
            return std::size_t{type.metadata};
        default:
            return unknown_type(static_cast<std::uint8_t>(type.type));
    }
}

ColumnValue number(ColumnValue::Kind kind, std::uint64_t integer, std::size_t width) {
    ColumnValue value;
    value.kind = kind;
    value.integer = integer;
    value.width = static_cast<std::uint8_t>(width);
    return value;
}

ColumnValue real(double number) {
    ColumnValue value;
    value.kind = ColumnValue::Kind::Real;
    value.real = number;
    return value;
}

ColumnValue with_bytes(ColumnValue::Kind kind, std::string bytes) {
    ColumnValue value;
    value.kind = kind;
    value.bytes = std::move(bytes);
    return value;
}

// A YEAR is stored as years since 1900, and the year 0 as 0.
ColumnValue year(std::uint64_t stored) {
    return number(ColumnValue::Kind::Integer, stored == 0 ? 0 : 1900 + stored, 2);
}

Result<std::string> temporal_text(std::span<std::byte const> stored, StoredType type) {
    switch (type.type) {
        case FieldType::Date:
        case FieldType::NewDate:
            return date_text(stored);
        case FieldType::Time:
            return old_time_text(stored);
        case FieldType::DateTime:
            return old_datetime_text(stored);
        case FieldType::Timestamp:
            return old_timestamp_text(stored);
        case FieldType::Time2:
            return time2_text(stored, type.metadata);
        case FieldType::DateTime2:
            return datetime2_text(stored, type.metadata);
        case FieldType::Timestamp2:
            return timestamp2_text(stored, type.metadata);
        default:
            return unknown_type(static_cast<std::uint8_t>(type.type));
    }
}

}  // namespace

StoredType stored_type(std::uint8_t type, std::uint16_t metadata) {
    StoredType stored{static_cast<FieldType>(type), metadata};
    if (stored.type != FieldType::String || metadata < 256) return stored;
    // The first byte is the real type, the second the length in bytes. A CHAR longer than 255
    // bytes has two more bits of its length, inverted, in bits 4 and 5 of the type
    // (Field_string::do_save_field_metadata).
    unsigned const first = metadata >> 8U;
    unsigned const second = metadata & 0xffU;
    if ((first & 0x30U) != 0x30U) {
        unsigned const length = second | ((first & 0x30U) ^ 0x30U) << 4U;
        return {static_cast<FieldType>(first | 0x30U), static_cast<std::uint16_t>(length)};
    }
    return {static_cast<FieldType>(first), static_cast<std::uint16_t>(second)};
}

Result<std::size_t> metadata_size(std::uint8_t type) {
    switch (static_cast<FieldType>(type)) {
        case FieldType::Tiny:
        case FieldType::Short:
        case FieldType::Long:
        case FieldType::LongLong:
        case FieldType::Int24:
        case FieldType::Timestamp:
        case FieldType::Date:
        case FieldType::NewDate:
        case FieldType::Time:
        case FieldType::DateTime:
        case FieldType::Year:
            return std::size_t{0};
        case FieldType::Float:
        case FieldType::Double:
        case FieldType::Timestamp2:
        case FieldType::DateTime2:
        case FieldType::Time2:
        case FieldType::TinyBlob:
        case FieldType::MediumBlob:
        case FieldType::LongBlob:
        case FieldType::Blob:
        case FieldType::BlobCompressed:
        case FieldType::Json:
        case FieldType::Geometry:
        case FieldType::Vector:
            return std::size_t{1};
        case FieldType::VarChar:
        case FieldType::VarCharCompressed:
        case FieldType::Bit:
        case FieldType::NewDecimal:
        case FieldType::Enum:
        case FieldType::Set:
        case FieldType::String:
            return std::size_t{2};
    }
    return unknown_type(type);
}

Result<std::span<std::byte const>> take_stored(ByteReader& reader, StoredType type) {
    if (std::size_t const size = TRY(fixed_size(type)); size > 0) return reader.read_bytes(size);
    std::size_t const width = TRY(length_width(type));
    return reader.read_bytes(TRY(reader.read_little_endian(width)));
}

Result<ColumnValue> decode_stored(std::span<std::byte const> stored, StoredType type) {
    using Kind = ColumnValue::Kind;
    switch (type.type) {
        case FieldType::Tiny:
        case FieldType::Short:
        case FieldType::Int24:
        case FieldType::Long:
        case FieldType::LongLong:
        case FieldType::Enum:
            return number(Kind::Integer, little_endian(stored), stored.size());
        case FieldType::Year:
            return year(little_endian(stored));
        case FieldType::Set:
            return number(Kind::Bits, little_endian(stored), stored.size());
        case FieldType::Bit:
            return number(Kind::Bits, big_endian(stored), stored.size());
        case FieldType::Float:
            return real(std::bit_cast<float>(static_cast<std::uint32_t>(little_endian(stored))));
        case FieldType::Double:
            return real(std::bit_cast<double>(little_endian(stored)));
        case FieldType::NewDecimal:
            return with_bytes(Kind::Text, TRY(decimal_text(stored, decimal_format(type))));
        case FieldType::BlobCompressed:
        case FieldType::VarCharCompressed: {
            auto const unpacked = TRY(unpack_mariadb_column(stored));
            return with_bytes(Kind::Bytes, std::string(as_text(unpacked)));
        }
        case FieldType::String:
        case FieldType::VarChar:
        case FieldType::TinyBlob:
        case FieldType::MediumBlob:
        case FieldType::LongBlob:
        case FieldType::Blob:
        case FieldType::Json:
        case FieldType::Geometry:
        case FieldType::Vector:
            return with_bytes(Kind::Bytes, std::string(as_text(stored)));
        default:
            return with_bytes(Kind::Text, TRY(temporal_text(stored, type)));
    }
}

}  // namespace aipress::mysql::binlog
