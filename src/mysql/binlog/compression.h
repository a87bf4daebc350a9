// Unpacking, never trusting a declared size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace aipress::mysql::binlog {

// The most that anything is unpacked to.
inline constexpr std::uint64_t kMaxUnpackedSize = std::uint64_t{1} << 30U;

// The text of a MariaDB QUERY_COMPRESSED event, or the rows of a compressed rows event
// (binlog_buf_compress in MariaDB's sql/log_event.cc): 1 byte 0x80 | algorithm << 4 | n, the
// unpacked size in n bytes big endian, zlib data.
[[nodiscard]] Result<std::vector<std::byte>> unpack_mariadb_event(std::span<std::byte const> bytes);

// A value of a MariaDB COMPRESSED column (Field_longstr::uncompress in MariaDB's sql/field.cc).
[[nodiscard]] Result<std::vector<std::byte>> unpack_mariadb_column(
    std::span<std::byte const> bytes);

// One or more zstd frames.
[[nodiscard]] Result<std::vector<std::byte>> unpack_zstd(std::span<std::byte const> bytes);

}  // namespace aipress::mysql::binlog
