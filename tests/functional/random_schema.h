// A random database such as WordPress and its plugins make: every column type, character set and
// kind of key that they use, the odd ones included.
#pragma once

#include <string>
#include <vector>

#include "random.h"

namespace aipress::functional {

// What the server that first holds it understands.
enum class Dialect { MariaDb, MySql56 };

enum class ColumnKind {
    Integer,
    Decimal,
    Float,
    Double,
    Bit,
    Year,
    Date,
    Time,
    DateTime,
    Timestamp,
    Text,    // CHAR, VARCHAR, TEXT …
    Binary,  // BINARY, VARBINARY, BLOB …
    Enum,
    Set,
    Json,
    Geometry,
    Generated,
    ParentId,  // refers to a row of the table `parent`
};

struct Column {
    std::string name = {};
    ColumnKind kind = ColumnKind::Integer;
    std::string type = {};           // "VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin"
    std::string character_set = {};  // Text only
    bool is_nullable = false;
    // Integer: bytes; Decimal: digits; Text: characters; Binary, Bit: bytes, bits; Enum, Set:
    // members.
    std::size_t size = 0;
    std::size_t scale = 0;  // Decimal: fraction; temporals: digits of the fraction
    bool is_unsigned = false;
    bool is_auto_increment = false;
    bool ignores_case = false;  // Text only: by its collation
};

struct Table {
    std::string name;
    std::string engine = "InnoDB";
    std::string options;
    std::vector<Column> columns;
    std::vector<std::size_t> primary_key;               // indexes into columns; empty: none
    std::vector<std::vector<std::size_t>> unique_keys;  //
    std::vector<std::string> other_clauses;             // KEY …, FOREIGN KEY …

    [[nodiscard]] std::string create_sql() const;
    // "INSERT INTO `t` (`a`,`b`) ": all columns that can be written.
    [[nodiscard]] std::vector<std::size_t> writable_columns() const;
    [[nodiscard]] std::string column_list() const;
};

struct Schema {
    Dialect dialect = Dialect::MariaDb;
    std::vector<Table> tables;
    std::vector<std::string> other_objects;  // CREATE TRIGGER, VIEW …: run after the tables
};

// A few tables of random columns and keys, and always: one without a primary key, one with a
// case-insensitive string key, one of MyISAM, one of rows of up to 16 MB (8 MB for MySQL 5.6, whose
// redo log holds no more), a parent and child with cascades, and `ledger` (see random_workload.h).
[[nodiscard]] Schema make_schema(Random& random, Dialect dialect);

// `a``b`
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace aipress::functional
