// read_schema(): what information_schema says, completed by SHOW CREATE TABLE. Names are compared
// as bytes (the session speaks NAMES binary), so that `a` and `A` stay two databases.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "mysql/schema.h"
#include "mysql/schema_objects.h"
#include "mysql/sql_text.h"

namespace aipress::mysql {
namespace {

using TableIndex = std::map<std::string, std::size_t, std::less<>>;  // name → place in tables

std::uint64_t number(ResultSet const& rows, std::size_t row, std::string_view column) {
    std::uint64_t value = 0;
    auto const& text = rows.text(row, column);
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

ColumnKind kind_of(std::string_view data_type, bool is_mariadb) {
    static std::map<std::string_view, ColumnKind> const kKinds = {
        {"tinyint", ColumnKind::Integer},
        {"smallint", ColumnKind::Integer},
        {"mediumint", ColumnKind::Integer},
        {"int", ColumnKind::Integer},
        {"bigint", ColumnKind::Integer},
        {"year", ColumnKind::Integer},
        {"decimal", ColumnKind::Decimal},
        {"float", ColumnKind::Float},
        {"double", ColumnKind::Double},
        {"bit", ColumnKind::Bit},
        {"enum", ColumnKind::Enumerated},
        {"set", ColumnKind::Enumerated},
        {"date", ColumnKind::Temporal},
        {"time", ColumnKind::Temporal},
        {"datetime", ColumnKind::Temporal},
        {"timestamp", ColumnKind::Temporal},
        {"char", ColumnKind::Text},
        {"varchar", ColumnKind::Text},
        {"tinytext", ColumnKind::Text},
        {"text", ColumnKind::Text},
        {"mediumtext", ColumnKind::Text},
        {"longtext", ColumnKind::Text},
        {"binary", ColumnKind::Binary},
        {"varbinary", ColumnKind::Binary},
        {"tinyblob", ColumnKind::Binary},
        {"blob", ColumnKind::Binary},
        {"mediumblob", ColumnKind::Binary},
        {"longblob", ColumnKind::Binary},
        {"geometry", ColumnKind::Geometry},
        {"point", ColumnKind::Geometry},
        {"linestring", ColumnKind::Geometry},
        {"polygon", ColumnKind::Geometry},
        {"multipoint", ColumnKind::Geometry},
        {"multilinestring", ColumnKind::Geometry},
        {"multipolygon", ColumnKind::Geometry},
        {"geometrycollection", ColumnKind::Geometry},
        {"geomcollection", ColumnKind::Geometry},
    };
    if (data_type == "json") return is_mariadb ? ColumnKind::Text : ColumnKind::Json;
    auto const found = kKinds.find(data_type);
    return found == kKinds.end() ? ColumnKind::Other : found->second;
}

// Kinds whose value a row event gives exactly, so that it can name a row.
bool can_be_key(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::Integer:
        case ColumnKind::Decimal:
        case ColumnKind::Bit:
        case ColumnKind::Enumerated:
        case ColumnKind::Temporal:
        case ColumnKind::Text:
        case ColumnKind::Binary:
            return true;
        case ColumnKind::Float:
        case ColumnKind::Double:
        case ColumnKind::Json:
        case ColumnKind::Geometry:
        case ColumnKind::Other:
            return false;
    }
    return false;
}

bool names_rows(Table const& table, Index const& index) {
    bool const is_primary = index.name == "PRIMARY";
    if (!index.is_unique || !index.is_ordered || (index.has_prefix_part && !is_primary)) {
        return false;
    }
    return std::all_of(index.columns.begin(), index.columns.end(), [&](std::string const& name) {
        auto const* column = table.find_column(name);
        return column != nullptr && !column->is_nullable && can_be_key(column->kind);
    });
}

std::vector<std::size_t> choose_key(Table const& table) {
    Index const* chosen = nullptr;
    for (auto const& index : table.indexes) {
        if (!names_rows(table, index)) continue;
        if (chosen == nullptr || index.name == "PRIMARY") chosen = &index;
    }
    std::vector<std::size_t> key;
    if (chosen == nullptr) return key;
    for (auto const& name : chosen->columns) key.push_back(table.find_column(name)->ordinal);
    return key;
}

Result<void> read_defaults(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT DEFAULT_CHARACTER_SET_NAME AS charset, "
                             "DEFAULT_COLLATION_NAME AS collation "
                             "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
                             quote_text(schema.name))));
    if (rows.rows.empty()) {
        return Error(
            ErrorCode::NotFound,
            fmt::format("there is no database {} on {}:{}, or this account cannot see it",
                        schema.name, connection.endpoint().host, connection.endpoint().port));
    }
    schema.character_set = rows.text(0, "charset");
    schema.collation = rows.text(0, "collation");
    return {};
}

Result<TableIndex> read_tables(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, "
                    "TABLE_ROWS AS row_estimate, DATA_LENGTH AS bytes, AUTO_INCREMENT AS counter, "
                    "TABLE_COLLATION AS collation, TABLE_COMMENT AS comment "
                    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME",
                    quote_text(schema.name))));
    TableIndex index;
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const& type = rows.text(row, "type");
        if (type == "VIEW" || type == "SYSTEM VIEW" || type == "TEMPORARY") continue;
        if (type != "BASE TABLE") {
            schema.unsupported.push_back(fmt::format("{} {}", type, rows.text(row, "name")));
            continue;
        }
        if (rows.is_null(row, "engine")) {  // its files are damaged, or its engine is not loaded
            schema.unsupported.push_back(fmt::format(
                "unreadable table {} ({})", rows.text(row, "name"), rows.text(row, "comment")));
            continue;
        }
        Table table;
        table.name = rows.text(row, "name");
        table.engine = rows.text(row, "engine");
        table.collation = rows.text(row, "collation");
        table.row_estimate = number(rows, row, "row_estimate");
        table.data_bytes = number(rows, row, "bytes");
        if (!rows.is_null(row, "counter")) table.auto_increment = number(rows, row, "counter");
        index.emplace(table.name, schema.tables.size());
        schema.tables.push_back(std::move(table));
    }
    return index;
}

Column column_from(ResultSet const& rows, std::size_t row, bool is_mariadb) {
    Column column;
    column.name = rows.text(row, "name");
    column.ordinal = number(rows, row, "position") - 1;
    column.data_type = rows.text(row, "type");
    column.column_type = rows.text(row, "full_type");
    column.kind = kind_of(column.data_type, is_mariadb);
    column.character_set = rows.text(row, "charset");
    column.collation = rows.text(row, "collation");
    column.octet_length = number(rows, row, "octets");
    column.is_unsigned = column.column_type.find(" unsigned") != std::string::npos;
    column.is_nullable = rows.text(row, "nullable") == "YES";
    auto const& extra = rows.text(row, "extra");
    // Not "DEFAULT_GENERATED", which MySQL 8 says of a default that is an expression.
    column.is_generated = extra.find("VIRTUAL GENERATED") != std::string::npos ||
                          extra.find("STORED GENERATED") != std::string::npos ||
                          extra.find("PERSISTENT GENERATED") != std::string::npos;
    column.is_auto_increment = extra.find("auto_increment") != std::string::npos;
    return column;
}

Result<void> read_columns(Context const& context, Connection& connection, Schema& schema,
                          TableIndex const& index) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT TABLE_NAME AS table_name, COLUMN_NAME AS name, "
                    "ORDINAL_POSITION AS position, DATA_TYPE AS type, COLUMN_TYPE AS full_type, "
                    "CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation, "
                    "CHARACTER_OCTET_LENGTH AS octets, IS_NULLABLE AS nullable, EXTRA AS extra "
                    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} "
                    "ORDER BY TABLE_NAME, ORDINAL_POSITION",
                    quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const found = index.find(rows.text(row, "table_name"));
        if (found == index.end()) continue;  // of a view
        schema.tables[found->second].columns.push_back(
            column_from(rows, row, connection.version().is_mariadb()));
    }
    return {};
}

void add_index_part(Table& table, ResultSet const& rows, std::size_t row) {
    auto const& name = rows.text(row, "name");
    if (table.indexes.empty() || table.indexes.back().name != name) {
        Index added;
        added.name = name;
        added.is_unique = rows.text(row, "non_unique") == "0";
        auto const& type = rows.text(row, "type");
        added.is_ordered = type == "BTREE";
        table.indexes.push_back(std::move(added));
    }
    Index& last = table.indexes.back();
    last.columns.push_back(rows.text(row, "column_name"));  // empty: an expression (MySQL 8)
    // Spatial indexes have a "prefix" of 32 bytes that is none.
    if (last.is_ordered && !rows.is_null(row, "prefix")) last.has_prefix_part = true;
}

Result<void> read_indexes(Context const& context, Connection& connection, Schema& schema,
                          TableIndex const& index) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT TABLE_NAME AS table_name, INDEX_NAME AS name, "
                    "NON_UNIQUE AS non_unique, COLUMN_NAME AS column_name, SUB_PART AS prefix, "
                    "INDEX_TYPE AS type FROM information_schema.STATISTICS "
                    "WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
                    quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const found = index.find(rows.text(row, "table_name"));
        if (found != index.end()) add_index_part(schema.tables[found->second], rows, row);
    }
    return {};
}

Result<void> read_foreign_keys(Context const& context, Connection& connection, Schema& schema,
                               TableIndex const& index) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT TABLE_NAME AS table_name, CONSTRAINT_NAME AS name, "
                    "UNIQUE_CONSTRAINT_SCHEMA AS parent_schema, "
                    "REFERENCED_TABLE_NAME AS parent, DELETE_RULE AS on_delete, "
                    "UPDATE_RULE AS on_update FROM information_schema.REFERENTIAL_CONSTRAINTS "
                    "WHERE CONSTRAINT_SCHEMA = {} ORDER BY TABLE_NAME, CONSTRAINT_NAME",
                    quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const found = index.find(rows.text(row, "table_name"));
        if (found == index.end()) continue;
        schema.tables[found->second].foreign_keys.push_back(
            {rows.text(row, "name"), rows.text(row, "parent_schema"), rows.text(row, "parent"),
             rows.text(row, "on_delete"), rows.text(row, "on_update")});
    }
    return {};
}

// Marks what a foreign key of this database may lean on in its parent: the parent cannot do without
// it, be it unique or not.
Result<void> mark_referenced_indexes(Context const& context, Connection& connection, Schema& schema,
                                     TableIndex const& index) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT REFERENCED_TABLE_NAME AS parent, REFERENCED_COLUMN_NAME AS first "
                    "FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = {0} "
                    "AND REFERENCED_TABLE_SCHEMA = {0} AND ORDINAL_POSITION = 1",
                    quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const found = index.find(rows.text(row, "parent"));
        if (found == index.end()) continue;
        for (auto& parent_index : schema.tables[found->second].indexes) {
            if (parent_index.columns.front() == rows.text(row, "first")) {
                parent_index.is_referenced = true;
            }
        }
    }
    return {};
}

// information_schema gives indexes by name; the table's own order is what "the first" means.
void order_as_created(Table& table) {
    std::map<std::string, std::size_t, std::less<>> places;
    for (auto const& index : table.indexes) {
        places[index.name] =
            index.name == "PRIMARY"
                ? 0
                : table.create_sql.find(fmt::format(" KEY {} ", quote_identifier(index.name)));
    }
    std::stable_sort(table.indexes.begin(), table.indexes.end(),
                     [&](Index const& left, Index const& right) {
                         return places[left.name] < places[right.name];
                     });
}

Result<void> read_table_texts(Context const& context, Connection& connection, Schema& schema) {
    for (auto& table : schema.tables) {
        auto const shown = TRY(
            connection
                .query(context, fmt::format("SHOW CREATE TABLE {}", quote_identifier(table.name)))
                .in_context(fmt::format("reading table {}", table.name)));
        if (shown.rows.empty()) {
            return Error(ErrorCode::Aborted, fmt::format("table {} is gone", table.name));
        }
        table.create_sql = shown.text(0, "Create Table");
        order_as_created(table);
        table.key = choose_key(table);
    }
    return {};
}

// A system-versioned table says so in its text even where information_schema calls it a base table.
void set_aside_unsupported(Schema& schema) {
    auto const is_versioned = [](Table const& table) {
        return find_unquoted(table.create_sql, "WITH SYSTEM VERSIONING") != std::string::npos;
    };
    for (auto const& table : schema.tables) {
        if (is_versioned(table)) {
            schema.unsupported.push_back(fmt::format("SYSTEM VERSIONED {}", table.name));
        }
    }
    std::erase_if(schema.tables, is_versioned);
    std::sort(schema.unsupported.begin(), schema.unsupported.end());
}

Result<void> prepare_session(Context const& context, Connection& connection,
                             std::string_view database) {
    // Views print the names of their tables without a database only when it is the default one.
    TRY(connection.execute(context, fmt::format("USE {}", quote_identifier(database))));
    TRY(connection.execute(context, "SET SESSION sql_quote_show_create = 1"));
    if (connection.version().mysql_at_least(80000)) {
        // Otherwise AUTO_INCREMENT and TABLE_ROWS are up to a day old.
        TRY(connection.execute(context, "SET SESSION information_schema_stats_expiry = 0"));
    }
    return {};
}

Result<Schema> read_all(Context const& context, Connection& connection, std::string_view database) {
    Schema schema;
    schema.name = database;
    TRY(read_defaults(context, connection, schema));
    TRY(prepare_session(context, connection, database));
    auto const index = TRY(read_tables(context, connection, schema));
    TRY(read_columns(context, connection, schema, index));
    TRY(read_indexes(context, connection, schema, index));
    TRY(read_foreign_keys(context, connection, schema, index));
    TRY(mark_referenced_indexes(context, connection, schema, index));
    TRY(read_table_texts(context, connection, schema));
    TRY(read_objects(context, connection, schema));
    set_aside_unsupported(schema);
    return schema;
}

}  // namespace

Result<Schema> read_schema(Context const& context, Connection& connection,
                           std::string_view database) {
    auto const before = TRY(connection.query(context, "SELECT DATABASE()")).scalar();
    auto schema = read_all(context, connection, database);
    if (before && *before != database && connection.usable()) {
        TRY(connection.execute(context, fmt::format("USE {}", quote_identifier(*before))));
    }
    if (schema.ok()) return schema;
    auto error = schema.release_error();
    // 1044, 1142, 1143, 1227, 1370: access denied, of all kinds.
    switch (error.native_code()) {
        case 1044:
        case 1142:
        case 1143:
        case 1227:
        case 1370:
            return Error(ErrorCode::PermissionDenied, error.message())
                .with_native_code(error.native_code())
                .in_context(fmt::format("reading the schema of {}", database));
        default:
            return std::move(error).in_context(fmt::format("reading the schema of {}", database));
    }
}

}  // namespace aipress::mysql
