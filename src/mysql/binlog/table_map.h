// TABLE_MAP: names a table and the types of its columns for the row events that follow.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/event.h"

namespace aipress::mysql::binlog {

// The most columns that a table can have, on any server.
inline constexpr std::uint64_t kMaxColumns = 4096;

// Reads the table's id and name and leaves the reader in front of its columns.
[[nodiscard]] Result<TableMap> read_table_name(ByteReader& reader, std::size_t table_id_width);

// Fills in types and metadata. What newer servers add behind them (signs, character sets, keys) is
// not read: it depends on a setting.
[[nodiscard]] Result<void> read_table_columns(ByteReader& reader, TableMap& table);

}  // namespace aipress::mysql::binlog
