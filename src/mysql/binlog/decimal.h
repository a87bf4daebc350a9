// DECIMAL as stored: groups of 9 digits in 4 bytes, big endian, the sign in the first bit.
// Source: decimal2bin in MySQL's strings/decimal.c.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace aipress::mysql::binlog {

struct DecimalFormat {
    unsigned precision = 0;  // all digits
    unsigned scale = 0;      // those behind the point
};

// Errors: DataLoss when no server has such a column.
[[nodiscard]] Result<std::size_t> decimal_size(DecimalFormat format);

// "-12.50", as SELECT prints it (but without the zeros of a ZEROFILL column: the log does not
// tell). REQUIRES: stored.size() == decimal_size(format). Errors: DataLoss.
[[nodiscard]] Result<std::string> decimal_text(std::span<std::byte const> stored,
                                               DecimalFormat format);

}  // namespace aipress::mysql::binlog
