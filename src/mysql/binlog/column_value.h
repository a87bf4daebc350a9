// One value of a row image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/event.h"
#include "mysql/binlog/event_type.h"

namespace aipress::mysql::binlog {

// What a column is stored as: ENUM, SET and long CHAR hide in the metadata of STRING.
struct StoredType {
    FieldType type{};
    std::uint16_t metadata = 0;
};

[[nodiscard]] StoredType stored_type(std::uint8_t type, std::uint16_t metadata);

// How many bytes of metadata a TABLE_MAP holds for the type. Errors: Unimplemented for a type that
// is not known: what follows it could not be found.
[[nodiscard]] Result<std::size_t> metadata_size(std::uint8_t type);

// Takes the value's own bytes, without the length in front of them.
[[nodiscard]] Result<std::span<std::byte const>> take_stored(ByteReader& reader, StoredType type);

// REQUIRES: bytes from take_stored with the same type.
[[nodiscard]] Result<ColumnValue> decode_stored(std::span<std::byte const> stored, StoredType type);

}  // namespace aipress::mysql::binlog
