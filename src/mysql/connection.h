// One session on a MySQL or MariaDB server. Together with binlog/ the only place that knows
// libmariadb.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/endpoint.h"

struct st_mysql;  // libmariadb's MYSQL

namespace aipress::mysql {

// A value as the text protocol sends it; nullopt is NULL. The bytes are the column's own: the
// session speaks `SET NAMES binary`, so no character set is converted either way.
using Value = std::optional<std::string>;
using Row = std::vector<Value>;

struct ResultSet {
    std::vector<std::string> columns;
    std::vector<Row> rows;

    // REQUIRES: the column exists. A NULL reads as "".
    [[nodiscard]] std::string const& text(std::size_t row, std::string_view column) const;
    [[nodiscard]] bool is_null(std::size_t row, std::string_view column) const;
    // The first column of the first row; nullopt when there is no row or it is NULL.
    [[nodiscard]] std::optional<std::string> scalar() const;
};

struct ExecuteResult {
    std::uint64_t affected_rows = 0;
    std::uint32_t warnings = 0;
    std::string info;  // "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0"
};

enum class Family { MariaDb, MySql };

struct ServerVersion {
    Family family = Family::MariaDb;
    unsigned number = 0;  // 101119 for 10.11.19, 80028 for 8.0.28
    std::string text;     // VERSION()

    [[nodiscard]] bool is_mariadb() const { return family == Family::MariaDb; }
    [[nodiscard]] bool mysql_at_least(unsigned least) const {
        return family == Family::MySql && number >= least;
    }
    [[nodiscard]] bool mariadb_at_least(unsigned least) const {
        return family == Family::MariaDb && number >= least;
    }
};

// A borrowed row of a stream: valid until the next call. Absent data() is NULL.
using RowView = std::span<std::optional<std::string_view> const>;

class BulkInsert;
class Connection;

// Rows fetched one by one, never held all at once. The connection serves nothing else until the
// stream is at its end or destroyed (which reads the rest away).
class RowStream {
public:
    RowStream(RowStream&&) noexcept;
    RowStream& operator=(RowStream&&) noexcept;
    ~RowStream();

    // nullopt at the end.
    [[nodiscard]] Result<std::optional<RowView>> next();

private:
    friend class Connection;
    struct Impl;
    explicit RowStream(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Where LOAD DATA LOCAL reads from: called back on the calling thread for the next piece.
class LoadSource {
public:
    virtual ~LoadSource() = default;
    // At most buffer.size() bytes; 0 at the end.
    virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

struct SessionOptions {
    // Every session of a database: NAMES binary, time_zone +00:00, strict mode with zero and
    // invalid dates allowed and no auto value for 0, foreign key checks off (the mover loads tables
    // in any order).
    bool use_database = true;  // make the endpoint's database the default one
    // False: what speaks the protocol and takes no such settings, as ProxySQL's admin interface.
    bool is_database = true;
    milliseconds connect_timeout{10'000};
};

// Not thread safe: one thread at a time. Each call honours its context: past the deadline or on
// stop the socket is shut down, the call returns DeadlineExceeded or Cancelled, and the connection
// is broken. Server errors come back with native_code() and leave the connection usable.
class Connection {
public:
    [[nodiscard]] static Result<Connection> open(Context const& context, Endpoint const& endpoint,
                                                 SessionOptions options = {});
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    // A statement without rows.
    Result<ExecuteResult> execute(Context const& context, std::string_view sql);
    // All rows in memory: for small results only.
    Result<ResultSet> query(Context const& context, std::string_view sql);
    // Rows one by one; the context covers the whole stream.
    Result<RowStream> stream(Context const& context, std::string_view sql);
    // `LOAD DATA LOCAL INFILE '' INTO TABLE ...`; an error of the source is returned as such.
    Result<ExecuteResult> load_data(Context const& context, std::string_view sql,
                                    LoadSource& source);
    // SHOW WARNINGS of the last statement, "Warning 1265: Data truncated ..." each, at most
    // `limit`.
    Result<std::vector<std::string>> warnings(Context const& context, std::size_t limit);

    [[nodiscard]] ServerVersion const& version() const;
    [[nodiscard]] std::uint64_t thread_id() const;
    [[nodiscard]] Endpoint const& endpoint() const;
    // False after a lost connection, a passed deadline or a stop.
    [[nodiscard]] bool usable() const;
    // For this module only.
    [[nodiscard]] st_mysql* native() const;

private:
    friend class BulkInsert;
    friend class RowStream;
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// `name` with backticks doubled: `a``b`.
[[nodiscard]] std::string quote_identifier(std::string_view name);
// 'text' as a string literal of a session that speaks NAMES binary, NO_BACKSLASH_ESCAPES off.
[[nodiscard]] std::string quote_text(std::string_view text);
// Appends 'bytes' escaped likewise.
void append_quoted(std::string& out, std::string_view bytes);

// Is it worth trying again on a new connection: lost, refused, shutting down, killed?
[[nodiscard]] bool is_connection_error(Error const& error);

}  // namespace aipress::mysql
