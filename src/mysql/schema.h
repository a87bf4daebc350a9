// What a database is made of, read from the server: tables with their columns and keys, and the
// objects around them, each with the text that SHOW CREATE gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mysql {

// How a column's value is read, written and compared exactly.
enum class ColumnKind {
    Integer,  // TINYINT … BIGINT, YEAR
    Decimal,
    Float,  // read as DOUBLE: text of a FLOAT loses bits
    Double,
    Bit,         // read and written as an unsigned number
    Enumerated,  // ENUM and SET, by number: the label's bytes depend on the character set
    Temporal,    // DATE, TIME, DATETIME, TIMESTAMP
    Text,        // CHAR, VARCHAR, TEXT (MariaDB's JSON too)
    Binary,      // BINARY, VARBINARY, BLOB
    Json,        // MySQL's own type
    Geometry,
    Other,  // UUID, INET4, INET6 …: by their text
};

struct Column {
    std::string name;
    std::size_t ordinal = 0;  // 0-based position in the table, as in a TABLE_MAP event
    ColumnKind kind = ColumnKind::Other;
    std::string data_type;      // "varchar", lower case, as information_schema says
    std::string column_type;    // "varchar(200)", "int(10) unsigned"
    std::string character_set;  // of Text and Enumerated, else empty
    std::string collation;
    std::uint64_t octet_length = 0;  // CHARACTER_OCTET_LENGTH; for BINARY(n) the n
    bool is_unsigned = false;
    bool is_nullable = false;
    bool is_generated = false;  // VIRTUAL or STORED: computed by the target itself
    bool is_auto_increment = false;

    // MariaDB's layout of fractional seconds from before 5.6's (mysql56_temporal_format=OFF): the
    // binary log does not say how many bytes it takes.
    [[nodiscard]] bool has_unlogged_fraction() const;
};

struct Index {
    std::string name;
    std::vector<std::string> columns;
    bool is_unique = false;
    bool has_prefix_part = false;  // `option_name`(20)
    bool is_referenced = false;    // a foreign key may lean on it
    bool is_ordered = true;        // a B-tree: not FULLTEXT, SPATIAL, or a hash of long columns
};

struct ForeignKey {
    std::string name;
    std::string referenced_schema;
    std::string referenced_table;
    std::string on_delete;  // "CASCADE", "SET NULL", "RESTRICT", "NO ACTION", …
    std::string on_update;

    // Does the server change rows of the referencing table by itself, unseen by the binlog?
    [[nodiscard]] bool cascades() const;
};

struct Table {
    std::string name;
    std::string engine;
    std::string collation;  // default of the table: SHOW CREATE leaves it out where it can
    std::uint64_t row_estimate = 0;
    std::uint64_t data_bytes = 0;                 // estimate: data without indexes
    std::optional<std::uint64_t> auto_increment;  // next value, of the table's metadata
    std::vector<Column> columns;
    std::vector<Index> indexes;
    std::vector<ForeignKey> foreign_keys;
    // Ordinals (into columns) of the key that names a row: the primary key, else the first UNIQUE
    // index over NOT NULL columns. Only kinds that the binlog gives exactly; empty if there is
    // none.
    std::vector<std::size_t> key;
    std::string create_sql;  // SHOW CREATE TABLE

    [[nodiscard]] bool has_key() const { return !key.empty(); }
    [[nodiscard]] bool has_secondary_unique_index() const;
    [[nodiscard]] Column const* find_column(std::string_view column_name) const;
};

enum class ObjectKind { View, Trigger, Function, Procedure, Event };
[[nodiscard]] std::string_view to_string(ObjectKind kind);

// A view, trigger, routine or event.
struct SchemaObject {
    ObjectKind kind = ObjectKind::View;
    std::string name;
    std::string definer;   // user@host, unquoted
    std::string sql_mode;  // to be set for the CREATE; empty for a view
    std::string character_set_client;
    std::string collation_connection;
    std::string time_zone;   // of an event: what its schedule is meant in
    std::string table_name;  // of a trigger
    // SHOW CREATE …, in the bytes of character_set_client.
    std::string create_sql;
    bool is_enabled = true;  // events: ENABLED as opposed to DISABLED or SLAVESIDE_DISABLED
};

struct Schema {
    std::string name;
    std::string character_set;
    std::string collation;
    std::vector<Table> tables;          // BASE TABLEs, by name
    std::vector<SchemaObject> objects;  // views, triggers, functions, procedures, events
    // Things that cannot be moved: SEQUENCE, system-versioned or partitioned-by-nothing exotica,
    // "kind name".
    std::vector<std::string> unsupported;

    [[nodiscard]] Table const* find_table(std::string_view table_name) const;
};

// Errors: NotFound when the database does not exist, PermissionDenied when something cannot be
// read.
[[nodiscard]] Result<Schema> read_schema(Context const& context, Connection& connection,
                                         std::string_view database);

// The table's definition without what may differ between two equal copies (AUTO_INCREMENT=n).
[[nodiscard]] std::string canonical_create_table(std::string_view create_sql);

// Hash (16 hex digits) over the database's defaults, every table's canonical definition, and every
// object's text: equal before and after means that nobody ran DDL in between. Of an event only
// schedule and body count: ALTER EVENT … DISABLE, as a fence does it, changes its status, and
// silently its definer, sql_mode and character set too. Of one side only: two servers print the
// same table differently.
[[nodiscard]] std::string schema_hash(Schema const& schema);

}  // namespace aipress::mysql
