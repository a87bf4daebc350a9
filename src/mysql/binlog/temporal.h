// Dates and times as stored, to the text that SELECT prints in a session at time_zone '+00:00'.
// The "2" types (MySQL 5.6, MariaDB 10.1) are big endian, biased to sort as bytes, and carry
// `fraction_digits` (0 to 6) of a second. Source: my_time.c of MySQL (my_*_packed_from_binary).
// REQUIRES, all: as many bytes as the type takes (column_value.cc). Errors: DataLoss.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace aipress::mysql::binlog {

using StoredBytes = std::span<std::byte const>;

[[nodiscard]] std::string date_text(StoredBytes stored);
[[nodiscard]] std::string old_time_text(StoredBytes stored);
[[nodiscard]] Result<std::string> old_datetime_text(StoredBytes stored);
[[nodiscard]] std::string old_timestamp_text(StoredBytes stored);
[[nodiscard]] Result<std::string> time2_text(StoredBytes stored, unsigned fraction_digits);
[[nodiscard]] Result<std::string> datetime2_text(StoredBytes stored, unsigned fraction_digits);
[[nodiscard]] Result<std::string> timestamp2_text(StoredBytes stored, unsigned fraction_digits);

}  // namespace aipress::mysql::binlog
