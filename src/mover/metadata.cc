#include "mover/metadata.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/assert.h"

namespace aipress::mover::metadata {
namespace {

using mysql::quote_text;

constexpr std::string_view kTables[] = {
    "CREATE TABLE IF NOT EXISTS aipress_mover.heartbeat ("
    " move_id VARBINARY(32) NOT NULL PRIMARY KEY,"
    " sequence BIGINT UNSIGNED NOT NULL,"
    " written_ms BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS aipress_mover.segment ("
    " move_id VARBINARY(32) NOT NULL,"
    " table_name VARBINARY(256) NOT NULL,"
    " number INT UNSIGNED NOT NULL,"
    " after_key MEDIUMBLOB NOT NULL,"
    " upto_key MEDIUMBLOB NOT NULL,"
    " row_count BIGINT UNSIGNED NOT NULL,"
    " byte_count BIGINT UNSIGNED NOT NULL,"
    " is_done TINYINT NOT NULL,"
    " PRIMARY KEY (move_id, table_name, number)) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS aipress_mover.position ("
    " move_id VARBINARY(32) NOT NULL PRIMARY KEY,"
    " file VARBINARY(512) NOT NULL,"
    " log_offset BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS aipress_mover.signature ("
    " move_id VARBINARY(32) NOT NULL PRIMARY KEY,"
    " transactions BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB",
};

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// Moves that come and go beside each other must not find the schema half gone.
class SchemaLock {
public:
    static Result<SchemaLock> take(Context const& context, mysql::Connection& connection) {
        auto const got = TRY(connection.query(context, "SELECT GET_LOCK('aipress_mover', 30)"));
        if (got.scalar() != "1") {
            return Error(ErrorCode::DeadlineExceeded,
                         "another move has been changing aipress_mover for 30 s");
        }
        return SchemaLock(context, connection);
    }
    SchemaLock(SchemaLock&& other) noexcept
        : context_(other.context_), connection_(std::exchange(other.connection_, nullptr)) {}
    SchemaLock& operator=(SchemaLock&&) = delete;
    ~SchemaLock() {
        if (connection_ != nullptr && connection_->usable()) {
            (void)connection_->query(context_, "SELECT RELEASE_LOCK('aipress_mover')");
        }
    }

private:
    SchemaLock(Context context, mysql::Connection& connection)
        : context_(std::move(context)), connection_(&connection) {}
    Context context_;
    mysql::Connection* connection_;
};

}  // namespace

Result<void> install(Context const& context, mysql::Connection& connection,
                     std::string const& move_id, Probe& probe) {
    auto const lock = TRY(SchemaLock::take(context, connection));
    probe.at("install-metadata.before");
    TRY(connection.execute(context, "CREATE DATABASE IF NOT EXISTS aipress_mover"));
    for (auto const table : kTables) TRY(connection.execute(context, table));
    TRY(connection.execute(context,
                           fmt::format("INSERT IGNORE INTO aipress_mover.heartbeat VALUES ({},0,0)",
                                       quote_text(move_id))));
    probe.at("install-metadata.after");
    return {};
}

Result<void> remove(Context const& context, mysql::Connection& connection,
                    std::string const& move_id, Probe& probe) {
    auto const lock = TRY(SchemaLock::take(context, connection));
    auto const exists = TRY(connection.query(
        context, "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='aipress_mover'"));
    if (exists.rows.empty()) return {};
    probe.at("remove-metadata.before");
    for (std::string_view const table : {"segment", "position", "signature", "heartbeat"}) {
        auto deleted =
            connection.execute(context, fmt::format("DELETE FROM aipress_mover.{} WHERE move_id={}",
                                                    table, quote_text(move_id)));
        // A crash between CREATE DATABASE and the last CREATE TABLE leaves some of them out.
        if (!deleted.ok() && deleted.error().code() != ErrorCode::NotFound) {
            return deleted.release_error();
        }
    }
    auto left = connection.query(context, "SELECT COUNT(*) FROM aipress_mover.heartbeat");
    if (!left.ok() && left.error().code() != ErrorCode::NotFound) return left.release_error();
    if (!left.ok() || left->scalar() == "0") {
        TRY(connection.execute(context, "DROP DATABASE IF EXISTS aipress_mover"));
    }
    probe.at("remove-metadata.after");
    return {};
}

Result<std::vector<Segment>> read_segments(Context const& context, mysql::Connection& target,
                                           std::string const& move_id) {
    auto const rows = TRY(target.query(
        context,
        fmt::format(
            "SELECT table_name, number, after_key, upto_key, row_count, byte_count, is_done "
            "FROM aipress_mover.segment WHERE move_id={} ORDER BY table_name, number",
            quote_text(move_id))));
    std::vector<Segment> segments;
    for (auto const& row : rows.rows) {
        segments.push_back({*row[0],
                            static_cast<std::uint32_t>(number_of(*row[1])),
                            {*row[2], *row[3]},
                            number_of(*row[4]),
                            number_of(*row[5]),
                            *row[6] == "1"});
    }
    return segments;
}

Result<void> create_segments(Context const& context, mysql::Connection& target,
                             std::string const& move_id, std::vector<Segment> const& segments) {
    ASSERT(!segments.empty());
    std::string sql = "INSERT INTO aipress_mover.segment VALUES ";
    for (auto const& segment : segments) {
        if (&segment != &segments.front()) sql += ',';
        sql += fmt::format("({},{},{},{},{},{},{},{})", quote_text(move_id),
                           quote_text(segment.table), segment.number,
                           quote_text(segment.range.after), quote_text(segment.range.upto),
                           segment.rows, segment.bytes, segment.is_done ? 1 : 0);
    }
    TRY(target.execute(context, sql));
    return {};
}

Result<void> save_segment(Context const& context, mysql::Connection& target,
                          std::string const& move_id, Segment const& segment) {
    TRY(target.execute(
        context,
        fmt::format("UPDATE aipress_mover.segment SET after_key={}, row_count={}, byte_count={}, "
                    "is_done={} WHERE move_id={} AND table_name={} AND number={}",
                    quote_text(segment.range.after), segment.rows, segment.bytes,
                    segment.is_done ? 1 : 0, quote_text(move_id), quote_text(segment.table),
                    segment.number)));
    return {};
}

Result<std::optional<mysql::binlog::Position>> read_position(Context const& context,
                                                             mysql::Connection& connection,
                                                             std::string const& move_id) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT file, log_offset FROM aipress_mover.position WHERE move_id={}",
                             quote_text(move_id))));
    if (rows.rows.empty()) return std::optional<mysql::binlog::Position>();
    return std::optional(mysql::binlog::Position{*rows.rows[0][0], number_of(*rows.rows[0][1])});
}

Result<void> save_position(Context const& context, mysql::Connection& connection,
                           std::string const& move_id, mysql::binlog::Position const& position) {
    TRY(connection.execute(
        context, fmt::format("INSERT INTO aipress_mover.position VALUES ({0},{1},{2}) "
                             "ON DUPLICATE KEY UPDATE file={1}, log_offset={2}",
                             quote_text(move_id), quote_text(position.file), position.offset)));
    return {};
}

Result<void> sign(Context const& context, mysql::Connection& connection,
                  std::string const& move_id) {
    TRY(connection.execute(context,
                           fmt::format("INSERT INTO aipress_mover.signature VALUES ({},1) "
                                       "ON DUPLICATE KEY UPDATE transactions=transactions+1",
                                       quote_text(move_id))));
    return {};
}

Heartbeat::Heartbeat(mysql::Connection& connection, std::string move_id)
    : connection_(connection), move_id_(std::move(move_id)) {}

Result<Heartbeat::Beat> Heartbeat::beat(Context const& context) {
    auto const now_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(context.clock().wall_now().time_since_epoch())
            .count());
    // Microseconds of wall time: greater than any number of an earlier process on this journal.
    last_sequence_ = std::max(last_sequence_ + 1, now_ms * 1000);
    TRY(connection_.execute(context,
                            fmt::format("INSERT INTO aipress_mover.heartbeat VALUES ({0},{1},{2}) "
                                        "ON DUPLICATE KEY UPDATE sequence={1}, written_ms={2}",
                                        quote_text(move_id_), last_sequence_, now_ms)));
    return Beat{last_sequence_, now_ms};
}

}  // namespace aipress::mover::metadata
