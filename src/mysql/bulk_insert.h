// Many rows in one INSERT whose values are neither escaped nor parsed: MariaDB's bulk protocol
// (COM_STMT_BULK_EXECUTE). For long values the server needs about half of what LOAD DATA costs it,
// which reads a byte at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mysql {

// Not thread safe. The connection outlives it and serves other statements between its calls. One
// statement on the server: it either stores all rows of a call or, with an error, none; that leaves
// the BulkInsert usable as long as the connection is.
class BulkInsert {
public:
    // MariaDB does; MySQL, and proxies that do not pass it on, do not.
    [[nodiscard]] static bool supported_by(Connection const& connection);

    // `sql` has one ? for each value of a row.
    [[nodiscard]] static Result<BulkInsert> prepare(Context const& context, Connection& connection,
                                                    std::string_view sql);
    BulkInsert(BulkInsert&&) noexcept;
    BulkInsert& operator=(BulkInsert&&) noexcept;
    ~BulkInsert();

    // Copies the row's values. REQUIRES: as many as the statement has ?.
    void add(RowView row);
    [[nodiscard]] std::size_t pending_rows() const;
    [[nodiscard]] std::size_t pending_bytes() const;  // of values
    // Sends the rows added. None is pending afterwards, whatever the outcome.
    // REQUIRES: pending_rows() > 0.
    Result<ExecuteResult> execute(Context const& context);
    // One row that is too long to be copied once more. REQUIRES: pending_rows() == 0.
    Result<ExecuteResult> execute_alone(Context const& context, RowView row);

private:
    struct Impl;
    explicit BulkInsert(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::mysql
