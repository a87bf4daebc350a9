// How one table is read, written and compared exactly: the SQL for it, made once from its schema.
//
// The expressions assume a session as mysql::Connection opens it (NAMES binary, UTC, strict mode).
// FLOAT and DOUBLE travel as `col * 1e0`: as text a FLOAT loses bits, and CAST AS DOUBLE is unknown
// to MySQL before 8.0.17. ENUM, SET and BIT travel as numbers: a label's bytes depend on the
// character set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mover/row_key.h"
#include "mysql/binlog/event.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

// Are its rows so long that only a few share an InnoDB page, and not so long that most of them lies
// outside it? Such a table is dear to read again (its pages hold everything) and cheap to index (it
// has few rows). From the source's estimates: of use for speed only.
[[nodiscard]] bool has_wide_rows(mysql::Table const& table);

// What a digest sees of a FLOAT.
enum class Floats {
    Exact,     // every bit
    AsDumped,  // six digits: what is left of it in a dump of SQL statements
};

// Immutable, hence thread safe.
class TableLayout {
public:
    explicit TableLayout(mysql::Table const& table, Floats floats = Floats::Exact);

    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] bool has_key() const { return !key_.empty(); }
    [[nodiscard]] bool has_secondary_unique_index() const { return has_secondary_unique_; }
    [[nodiscard]] std::uint64_t row_estimate() const { return row_estimate_; }
    [[nodiscard]] std::uint64_t data_bytes() const { return data_bytes_; }
    [[nodiscard]] std::uint64_t average_row_bytes() const;
    [[nodiscard]] bool has_wide_rows() const { return has_wide_rows_; }
    [[nodiscard]] bool has_float() const;
    // The key is a single integer column: ranges can be cut by arithmetic.
    [[nodiscard]] bool has_integer_key() const;
    [[nodiscard]] std::size_t table_column_count() const { return table_column_count_; }

    // "`table`": sessions have the database as their default, which may be named otherwise on
    // either side.
    [[nodiscard]] std::string quoted_name() const { return mysql::quote_identifier(name_); }
    // The columns that travel: all but generated ones.
    [[nodiscard]] std::string select_list() const;
    [[nodiscard]] std::string key_list() const;    // "`a`,`b`": for ORDER BY
    [[nodiscard]] std::string key_select() const;  // as key_list, each as it is read
    // A number that sums up a row's exact content, keys included. See ARCHITECTURE.md, "Digests".
    [[nodiscard]] std::string row_digest() const;

    // A predicate over the key, "TRUE" if unbounded on both ends.
    [[nodiscard]] std::string in_range(KeyRange const& range) const;
    [[nodiscard]] std::string in_keys(std::vector<std::string_view> const& keys) const;

    // The key of a row read by select_list().
    [[nodiscard]] RowKey key_of_row(mysql::RowView row) const;
    // The key of a row read by key_select(), whose first value is at `first`.
    [[nodiscard]] RowKey key_of_values(mysql::RowView row, std::size_t first = 0) const;
    // The key of a row image; nullopt when a key column is absent or NULL. `fallback` supplies
    // columns absent from a MINIMAL after image.
    [[nodiscard]] std::optional<RowKey> key_of_image(mysql::binlog::RowImage const& image,
                                                     mysql::binlog::RowImage const* fallback) const;
    // By ordinal: which columns of a row image the key needs.
    [[nodiscard]] std::vector<bool> key_columns() const;
    // "(17, 'abc')", for people.
    [[nodiscard]] std::string describe_key(std::string_view key) const;

    // Names of the columns in which two rows read by select_list() differ.
    [[nodiscard]] std::vector<std::string> differing_columns(mysql::Row const& a,
                                                             mysql::Row const& b) const;

    // Names of the columns that travel, quoted and joined, for INSERT.
    [[nodiscard]] std::string insert_columns() const;
    // "?,CAST(? AS UNSIGNED)", for an INSERT of such columns with values bound as text.
    [[nodiscard]] std::string insert_placeholders() const;
    // "(c1, @v2) SET c2 = CAST(@v2 AS UNSIGNED)", for LOAD DATA.
    [[nodiscard]] std::string load_columns() const;
    // "(1,'abc',NULL)", for INSERT: `row` as read by select_list().
    void append_insert_values(std::string& out, mysql::RowView row) const;

private:
    struct TravellingColumn {
        std::string quoted_name;
        mysql::ColumnKind kind;
        std::string character_set;
        bool is_unsigned = false;
        bool is_nullable = false;
        std::size_t ordinal = 0;
        std::uint64_t octet_length = 0;
        bool is_auto_increment = false;
        bool pads_with_zeros = false;  // BINARY(n): the log strips trailing 0x00
    };

    void append_key_literal(std::string& out, TravellingColumn const& column,
                            std::string_view value) const;
    [[nodiscard]] std::string bound(std::string_view key, std::string_view last_comparison) const;

    std::string name_;
    std::vector<TravellingColumn> columns_;
    std::vector<std::size_t> key_;  // indexes into columns_
    std::size_t table_column_count_ = 0;
    std::uint64_t row_estimate_ = 0;
    std::uint64_t data_bytes_ = 0;
    bool has_secondary_unique_ = false;
    Floats floats_ = Floats::Exact;
    bool has_wide_rows_ = false;
};

}  // namespace aipress::mover
