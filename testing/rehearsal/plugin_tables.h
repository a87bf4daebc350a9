// Tables that plugins make for themselves, with what makes them awkward to move.
#pragma once

#include <cstdint>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"
#include "testing/rehearsal/text_source.h"

namespace aipress::rehearsal {

// As WooCommerce's: decimals, composite and string keys, unique keys, longtext sessions, double
// columns.
Result<void> make_shop_tables(Context const& context, mysql::Connection& connection,
                              TextSource& text, std::uint64_t orders);
// An old site's: latin1 bytes, MyISAM, no primary key, zero dates, FLOAT, ENUM, BLOB.
Result<void> make_legacy_tables(Context const& context, mysql::Connection& connection,
                                TextSource& text, std::uint64_t rows);

}  // namespace aipress::rehearsal
