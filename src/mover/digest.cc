#include "mover/digest.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.h"
#include "mover/limits.h"

namespace aipress::mover {
namespace {

std::uint64_t unsigned_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Result<RowDigests> read_digests(Context const& context, mysql::Connection& connection,
                                TableLayout const& layout, std::string const& where) {
    RowDigests digests;
    auto stream = TRY(connection.stream(
        context, fmt::format("SELECT {}, {} FROM {} WHERE {}", layout.row_digest(),
                             layout.key_select(), layout.quoted_name(), where)));
    while (true) {
        auto const row = TRY(stream.next());
        if (!row) return digests;
        ASSERT((*row)[0].has_value());  // CRC32 of CONCAT_WS is never NULL
        digests.emplace(layout.key_of_values(*row, 1), *(*row)[0]);
    }
}

RowKey integer_key(std::int64_t value) {
    RowKey key;
    append_key_part(key, std::to_string(value));
    return key;
}

// The key's whole interval in equal steps: no row is read. Empty when the values need more than
// int64.
Result<std::vector<KeyRange>> cut_by_arithmetic(Context const& context,
                                                mysql::Connection& connection,
                                                TableLayout const& layout, std::uint64_t pieces) {
    auto const bounds =
        TRY(connection.query(context, fmt::format("SELECT MIN({0}), MAX({0}) FROM {1}",
                                                  layout.key_list(), layout.quoted_name())));
    if (bounds.rows.empty() || !bounds.rows[0][0]) return std::vector<KeyRange>{{}};
    std::int64_t least = 0;
    std::int64_t most = 0;
    auto const parse = [](std::string const& text, std::int64_t& value) {
        return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
    };
    if (!parse(*bounds.rows[0][0], least) || !parse(*bounds.rows[0][1], most)) {
        return std::vector<KeyRange>();
    }
    auto const width = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    auto const step = width / pieces;
    if (step == 0) return std::vector<KeyRange>{{}};
    std::vector<KeyRange> ranges(1);
    for (std::uint64_t piece = 1; piece < pieces; ++piece) {
        auto const bound =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + piece * step);
        ranges.back().upto = integer_key(bound);
        ranges.push_back({integer_key(bound), {}});
    }
    return ranges;
}

}  // namespace

Result<RangeDigest> digest_range(Context const& context, mysql::Connection& connection,
                                 TableLayout const& layout, KeyRange const& range) {
    auto const where = layout.has_key() ? layout.in_range(range) : std::string("TRUE");
    auto const result = TRY(connection.query(
        context, fmt::format("SELECT COUNT(*), COALESCE(SUM({}),0) FROM {} WHERE {}",
                             layout.row_digest(), layout.quoted_name(), where)));
    ASSERT(result.rows.size() == 1);
    return RangeDigest{unsigned_of(*result.rows[0][0]), *result.rows[0][1]};
}

Result<RowDigests> digest_rows_in_range(Context const& context, mysql::Connection& connection,
                                        TableLayout const& layout, KeyRange const& range) {
    return read_digests(context, connection, layout, layout.in_range(range));
}

Result<RowDigests> digest_rows(Context const& context, mysql::Connection& connection,
                               TableLayout const& layout,
                               std::vector<std::string_view> const& keys) {
    RowDigests all;
    for (std::size_t begin = 0; begin < keys.size(); begin += limits::kStatementKeys) {
        auto const end = std::min(keys.size(), begin + limits::kStatementKeys);
        std::vector<std::string_view> const part(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 keys.begin() + static_cast<std::ptrdiff_t>(end));
        all.merge(TRY(read_digests(context, connection, layout, layout.in_keys(part))));
    }
    return all;
}

std::vector<RowKey> differing_keys(RowDigests const& source, RowDigests const& target) {
    std::vector<RowKey> keys;
    for (auto const& [key, digest] : source) {
        auto const at = target.find(key);
        if (at == target.end() || at->second != digest) keys.push_back(key);
    }
    for (auto const& [key, digest] : target) {
        if (!source.contains(key)) keys.push_back(key);
    }
    return keys;
}

Result<std::string> explain_difference(Context const& context, mysql::Connection& source,
                                       mysql::Connection& target, TableLayout const& layout,
                                       RowKey const& key) {
    auto const select =
        fmt::format("SELECT {}, {} FROM {} WHERE {}", layout.select_list(), layout.row_digest(),
                    layout.quoted_name(), layout.in_keys({key}));
    auto const on_source = TRY(source.query(context, select));
    auto const on_target = TRY(target.query(context, select));
    if (on_source.rows.empty() && on_target.rows.empty()) return std::string();
    if (on_source.rows.empty()) return std::string("missing on the source");
    if (on_target.rows.empty()) return std::string("missing on the target");
    if (on_source.rows[0].back() == on_target.rows[0].back()) return std::string();
    return fmt::format(
        "differs in {}",
        fmt::join(layout.differing_columns(on_source.rows[0], on_target.rows[0]), ", "));
}

std::uint64_t verify_range_rows(TableLayout const& layout) {
    return std::clamp(limits::kVerifyRangeBytes / layout.average_row_bytes(),
                      limits::kVerifyRangeRowsLeast, limits::kVerifyRangeRowsMost);
}

Result<std::vector<KeyRange>> cut_ranges(Context const& context, mysql::Connection& connection,
                                         TableLayout const& layout, std::uint64_t rows) {
    if (!layout.has_key()) return std::vector<KeyRange>{{}};
    if (layout.has_integer_key()) {
        auto const pieces = std::max<std::uint64_t>(1, layout.row_estimate() / rows);
        auto ranges = TRY(cut_by_arithmetic(context, connection, layout, pieces));
        if (!ranges.empty()) return ranges;
    }
    std::vector<KeyRange> ranges(1);
    while (true) {
        auto const next = TRY(connection.query(
            context, fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
                                 layout.key_select(), layout.quoted_name(),
                                 layout.in_range(ranges.back()), layout.key_list(), rows - 1)));
        if (next.rows.empty()) return ranges;
        RowKey bound;
        for (auto const& part : next.rows[0]) append_key_part(bound, *part);
        ranges.back().upto = bound;
        ranges.push_back({bound, {}});
    }
}

}  // namespace aipress::mover
