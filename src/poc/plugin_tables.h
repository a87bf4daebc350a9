// Tables that plugins make for themselves, with what makes them awkward to move.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "poc/bulk_insert.h"
#include "poc/text_source.h"

namespace aipress::poc {

// As WooCommerce's: decimals, composite and string keys, unique keys, longtext sessions, double
// columns.
Result<void> make_shop_tables(StatementSink const& sink, TextSource& text, std::uint64_t orders);
// An old site's: latin1 bytes, MyISAM, no primary key, zero dates, FLOAT, ENUM, BLOB.
Result<void> make_legacy_tables(StatementSink const& sink, TextSource& text, std::uint64_t rows);

}  // namespace aipress::poc
