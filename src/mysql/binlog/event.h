// Binary log events, decoded as far as a mover needs them: which rows of which table changed, what
// ran as a statement, where a transaction ends.
// Format: MySQL's libbinlogevents (rows_event.h, control_events.h), MariaDB's sql/log_event.h and
// https://mariadb.com/kb/en/replication-protocol/
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aipress::mysql::binlog {

// One column of a row image.
struct ColumnValue {
    enum class Kind {
        Absent,  // not in this image (binlog_row_image MINIMAL or NOBLOB)
        Null,
        Integer,  // TINY … LONGLONG, ENUM (its number), as stored: see as_signed / as_unsigned;
                  // YEAR: the year itself
        Bits,     // BIT and SET: `integer` holds the number
        Real,     // FLOAT and DOUBLE
        Text,     // DECIMAL, DATE, TIME, DATETIME, TIMESTAMP (UTC), in the server's canonical text
        Bytes,    // CHAR, VARCHAR, TEXT, BINARY, BLOB, GEOMETRY, and MySQL's binary JSON. BINARY(n)
                  // comes without its trailing zero bytes, CHAR(n) without its trailing spaces
    };
    Kind kind = Kind::Absent;
    std::uint64_t integer = 0;  // zero-extended from `width` bytes: the log does not say the sign
    std::uint8_t width = 0;     // in bytes
    double real = 0;
    std::string bytes;  // of Text and Bytes

    [[nodiscard]] std::int64_t as_signed() const;
    [[nodiscard]] std::uint64_t as_unsigned() const { return integer; }
    [[nodiscard]] bool operator==(ColumnValue const&) const = default;
};

using RowImage = std::vector<ColumnValue>;  // one entry for each column of the table map

// TABLE_MAP: precedes the row events of a table.
struct TableMap {
    std::uint64_t table_id = 0;
    std::string schema;
    std::string table;
    std::vector<std::uint8_t> types;      // enum_field_types, by ordinal
    std::vector<std::uint16_t> metadata;  // per column, as its type defines it
};

enum class RowsKind { Insert, Update, Delete };

struct RowChange {
    std::optional<RowImage> before;  // Update, Delete
    std::optional<RowImage> after;   // Insert, Update
};

struct Rows {
    RowsKind kind = RowsKind::Insert;
    std::shared_ptr<TableMap const> table;
    std::vector<RowChange> changes;
    bool ends_statement = false;  // STMT_END_F
};

// Any text that ran: DDL, BEGIN, COMMIT, a statement logged in STATEMENT format.
struct Query {
    std::string schema;  // the session's default database
    std::string text;
};

struct Commit {};     // XID, or a COMMIT / ROLLBACK as text
struct XaPrepare {};  // the rows before it are not committed yet, and may never be
struct Rotate {
    std::string file;
    std::uint64_t offset = 4;
};
struct Heartbeat {};  // the server is alive and has nothing new
// Decoded or skipped on purpose: format description, GTID, annotations, and rows of unwanted
// tables.
struct Ignored {
    std::uint8_t type = 0;
};

using EventBody = std::variant<Ignored, Rotate, Heartbeat, Query, Rows, Commit, XaPrepare>;

struct Event {
    std::uint32_t timestamp = 0;  // seconds since 1970, when the statement began
    std::uint32_t server_id = 0;
    std::uint64_t end_offset = 0;  // of the file, behind this event; 0 for artificial events
    EventBody body;
};

}  // namespace aipress::mysql::binlog
