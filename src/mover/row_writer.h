// Rows read from one server written to the other, none lost on the way: rows sent must be rows
// stored.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/table_layout.h"
#include "mysql/connection.h"

namespace aipress::mover {

enum class WritePath {
    Bulk,      // mysql::BulkInsert: MariaDB only; the least work for the target
    LoadData,  // LOAD DATA LOCAL: needs local_infile=ON on the target
    Insert,    // multi-row INSERT
};

struct WriteOutcome {
    std::uint64_t rows_sent = 0;
    std::uint64_t rows_stored = 0;
    std::uint64_t bytes = 0;  // of the values, unescaped
    std::uint32_t warnings = 0;
    RowKey last_key;      // of tables with a key
    std::string problem;  // the first warning or error, when not exact

    // LOAD DATA LOCAL turns duplicates and bad values into warnings and drops rows: only this
    // counts.
    [[nodiscard]] bool is_exact() const {
        return rows_sent == rows_stored && warnings == 0 && problem.empty();
    }
};

// Not thread safe. Writes within the caller's transaction on `target`; unless the outcome is exact
// the caller rolls back. `target` outlives the writer.
class RowWriter {
public:
    RowWriter(mysql::Connection& target, WritePath path);

    // All rows of the stream (SELECT select_list()).
    Result<WriteOutcome> write(Context const& context, TableLayout const& layout,
                               mysql::RowStream& rows);

    // The slow, telling way, for rows that write() did not store exactly: one INSERT a row. A
    // duplicate goes to `on_duplicate` and is left out. A row that strict mode refuses (an ENUM's
    // invalid 0, a value outside its column's charset) is stored without strict mode, and its key
    // listed in `lenient`: the caller compares those rows byte by byte. Other errors are returned,
    // with the row's key.
    struct RowByRow {
        WriteOutcome outcome;  // rows_sent counts the duplicates, rows_stored does not
        std::vector<RowKey> lenient;
        std::string refused;  // the first duplicate: its key and the server's words
    };
    Result<RowByRow> write_row_by_row(Context const& context, TableLayout const& layout,
                                      mysql::RowStream& rows,
                                      std::function<void(RowKey const&)> const& on_duplicate);

private:
    Result<WriteOutcome> bulk(Context const& context, TableLayout const& layout,
                              mysql::RowStream& rows);
    Result<WriteOutcome> load(Context const& context, TableLayout const& layout,
                              mysql::RowStream& rows);
    Result<WriteOutcome> insert(Context const& context, TableLayout const& layout,
                                mysql::RowStream& rows);
    // Adds what one INSERT said to `outcome`; an error of the connection is returned.
    Result<void> note_insert(Context const& context, Result<mysql::ExecuteResult> inserted,
                             WriteOutcome& outcome);

    mysql::Connection& target_;
    WritePath path_;
};

// Bulk where the server speaks it, else LoadData where its local_infile allows it.
[[nodiscard]] Result<WritePath> choose_write_path(Context const& context,
                                                  mysql::Connection& target);

}  // namespace aipress::mover
