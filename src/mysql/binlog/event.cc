#include "mysql/binlog/event.h"

namespace aipress::mysql::binlog {

std::int64_t ColumnValue::as_signed() const {
    if (width == 0 || width >= 8) return static_cast<std::int64_t>(integer);
    unsigned const unused_bits = 64U - 8U * width;
    // Arithmetic shift right repeats the sign bit (guaranteed since C++20).
    return static_cast<std::int64_t>(integer << unused_bits) >> unused_bits;
}

}  // namespace aipress::mysql::binlog
