// Content compared by digests that both servers compute themselves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/row_key.h"
#include "mover/table_layout.h"
#include "mysql/connection.h"

namespace aipress::mover {

// Order-free: count and sum of the rows' digests.
struct RangeDigest {
    std::uint64_t rows = 0;
    std::string sum;

    [[nodiscard]] bool operator==(RangeDigest const&) const = default;
};

// Of the rows whose key is in the range; of a table without a key, of all rows.
[[nodiscard]] Result<RangeDigest> digest_range(Context const& context,
                                               mysql::Connection& connection,
                                               TableLayout const& layout, KeyRange const& range);

using RowDigests = std::map<RowKey, std::string>;
[[nodiscard]] Result<RowDigests> digest_rows_in_range(Context const& context,
                                                      mysql::Connection& connection,
                                                      TableLayout const& layout,
                                                      KeyRange const& range);
// Any number of keys: asked for limits::kStatementKeys at a time.
[[nodiscard]] Result<RowDigests> digest_rows(Context const& context, mysql::Connection& connection,
                                             TableLayout const& layout,
                                             std::vector<std::string_view> const& keys);

// Keys that are on one side only, or whose digests differ.
[[nodiscard]] std::vector<RowKey> differing_keys(RowDigests const& source,
                                                 RowDigests const& target);

// Why a row differs: "missing on the source", "missing on the target", "differs in `a`, `b`", or
// empty when it does not (any more).
[[nodiscard]] Result<std::string> explain_difference(Context const& context,
                                                     mysql::Connection& source,
                                                     mysql::Connection& target,
                                                     TableLayout const& layout, RowKey const& key);

// Cuts the table's keys into intervals of about `rows` rows that cover all of them, also those that
// come later. By the rows that `connection` has now.
[[nodiscard]] Result<std::vector<KeyRange>> cut_ranges(Context const& context,
                                                       mysql::Connection& connection,
                                                       TableLayout const& layout,
                                                       std::uint64_t rows);

// A range's rows for verification, by the table's average row.
[[nodiscard]] std::uint64_t verify_range_rows(TableLayout const& layout);

}  // namespace aipress::mover
