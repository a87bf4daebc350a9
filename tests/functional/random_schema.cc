#include "random_schema.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::functional {

namespace {

struct CharacterSet {
    std::string name;
    std::string collation;
    bool ignores_case;
};

std::vector<CharacterSet> const& character_sets() {
    static std::vector<CharacterSet> const all{
        {"utf8mb4", "utf8mb4_unicode_520_ci", true},
        {"utf8mb4", "utf8mb4_unicode_ci", true},
        {"utf8mb4", "utf8mb4_general_ci", true},
        {"utf8mb4", "utf8mb4_bin", false},
        {"utf8", "utf8_general_ci", true},
        {"latin1", "latin1_swedish_ci", true},
        {"latin1", "latin1_bin", false},
        {"ascii", "ascii_general_ci", true},
    };
    return all;
}

// The clause that a character column's type ends with.
void set_character_set(Column& column, CharacterSet const& chosen) {
    column.kind = ColumnKind::Text;
    column.character_set = chosen.name;
    column.ignores_case = chosen.ignores_case;
    column.type += " CHARACTER SET " + chosen.name + " COLLATE " + chosen.collation;
}

Column integer_column(Random& random) {
    static constexpr char const* kNames[] = {"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"};
    static constexpr std::size_t kBytes[] = {1, 2, 3, 4, 8};
    std::size_t const at = random.below(5);
    Column column;
    column.kind = ColumnKind::Integer;
    column.size = kBytes[at];
    column.is_unsigned = random.chance(50);
    column.type = kNames[at];
    if (random.chance(30)) column.type += "(5)";
    if (column.is_unsigned) column.type += " UNSIGNED";
    return column;
}

Column decimal_column(Random& random) {
    Column column;
    column.kind = ColumnKind::Decimal;
    column.size = static_cast<std::size_t>(random.between(1, 40));
    column.scale = static_cast<std::size_t>(
        random.between(0, static_cast<std::int64_t>(std::min<std::size_t>(column.size, 20))));
    column.type = fmt::format("DECIMAL({},{})", column.size, column.scale);
    return column;
}

Column temporal_column(Random& random) {
    Column column;
    column.scale = random.chance(50) ? 0 : random.below(7);
    std::string const fraction = column.scale == 0 ? "" : fmt::format("({})", column.scale);
    switch (random.below(5)) {
        case 0:
            column.kind = ColumnKind::Date;
            column.type = "DATE";
            column.scale = 0;
            break;
        case 1:
            column.kind = ColumnKind::Time;
            column.type = "TIME" + fraction;
            break;
        case 2:
            column.kind = ColumnKind::Timestamp;
            column.type = "TIMESTAMP" + fraction;
            break;
        default:
            column.kind = ColumnKind::DateTime;
            column.type = "DATETIME" + fraction;
    }
    return column;
}

Column short_text_column(Random& random) {
    Column column;
    column.size = static_cast<std::size_t>(random.pick<std::int64_t>({1, 4, 20, 60, 191}));
    column.type = fmt::format("{}({})", random.chance(25) ? "CHAR" : "VARCHAR", column.size);
    set_character_set(column, random.pick(character_sets()));
    return column;
}

Column long_text_column(Random& random) {
    Column column;
    column.type = random.pick<std::string>({"TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"});
    column.size = column.type == "TINYTEXT" ? 60 : 600;
    set_character_set(column, random.pick(character_sets()));
    return column;
}

Column short_binary_column(Random& random) {
    Column column;
    column.kind = ColumnKind::Binary;
    column.size = static_cast<std::size_t>(random.pick<std::int64_t>({1, 8, 16, 32}));
    column.type = fmt::format("{}({})", random.chance(50) ? "BINARY" : "VARBINARY", column.size);
    return column;
}

Column long_binary_column(Random& random) {
    Column column;
    column.kind = ColumnKind::Binary;
    column.type = random.pick<std::string>({"TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"});
    column.size = column.type == "TINYBLOB" ? 255 : 2000;
    return column;
}

std::string members(Random& random, std::size_t count, bool with_empty) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
        std::string const name =
            with_empty && i == 0 ? "" : fmt::format("{}{}", random.chance(20) ? "é''" : "m", i);
        list += fmt::format("{}'{}'", i == 0 ? "" : ",", name);
    }
    return list;
}

// Written by number only, so that no session's character set can spoil the members' names.
Column enum_column(Random& random) {
    Column column;
    column.kind = ColumnKind::Enum;
    column.size = static_cast<std::size_t>(random.chance(10) ? 300 : random.between(2, 6));
    column.type = fmt::format("ENUM({}) CHARACTER SET utf8mb4",
                              members(random, column.size, random.chance(30)));
    return column;
}

Column set_column(Random& random) {
    Column column;
    column.kind = ColumnKind::Set;
    column.size = static_cast<std::size_t>(random.pick<std::int64_t>({3, 12, 64}));
    column.type = fmt::format("SET({}) CHARACTER SET utf8mb4", members(random, column.size, false));
    return column;
}

Column rare_column(Random& random, Dialect dialect) {
    Column column;
    switch (random.below(dialect == Dialect::MariaDb ? 4 : 2)) {
        case 0:
            column.kind = ColumnKind::Bit;
            column.size = static_cast<std::size_t>(random.between(1, 64));
            column.type = fmt::format("BIT({})", column.size);
            break;
        case 1:
            column.kind = ColumnKind::Year;
            column.type = "YEAR";
            break;
        case 2:
            column.kind = ColumnKind::Json;
            column.type = "JSON";
            break;
        default:
            column.kind = ColumnKind::Geometry;
            column.type = "GEOMETRY";
    }
    return column;
}

Column random_column(Random& random, Dialect dialect) {
    switch (random.below(15)) {
        case 0:
        case 1:
        case 2:
            return integer_column(random);
        case 3:
            return decimal_column(random);
        case 4: {
            Column column;
            column.kind = random.chance(60) ? ColumnKind::Float : ColumnKind::Double;
            column.type = column.kind == ColumnKind::Float ? "FLOAT" : "DOUBLE";
            return column;
        }
        case 5:
        case 6:
            return temporal_column(random);
        case 7:
        case 8:
            return short_text_column(random);
        case 9:
        case 10:
            return long_text_column(random);
        case 11:
            return short_binary_column(random);
        case 12:
            return long_binary_column(random);
        case 13:
            return random.chance(60) ? enum_column(random) : set_column(random);
        default:
            return rare_column(random, dialect);
    }
}

Column key_column(Random& random) {
    switch (random.below(8)) {
        case 0:
        case 1: {
            Column column = integer_column(random);
            // Room enough for all rows.
            if (column.size < 3) column = {.type = "INT", .size = 4};
            return column;
        }
        case 2:
        case 3:
        case 4: {
            Column column = short_text_column(random);
            if (column.size < 20) {
                column.size = 40;
                column.type = "VARCHAR(40)";
                set_character_set(column, random.pick(character_sets()));
            }
            return column;
        }
        case 5: {
            Column column = short_binary_column(random);
            if (column.size < 8) {
                column.size = 8;
                column.type = "BINARY(8)";
            }
            return column;
        }
        case 6: {
            Column column;
            column.kind = ColumnKind::Decimal;
            column.size = 18;
            column.scale = 4;
            column.type = "DECIMAL(18,4)";
            return column;
        }
        default: {
            Column column = temporal_column(random);
            while (column.kind == ColumnKind::Time) column = temporal_column(random);
            return column;
        }
    }
}

std::string auto_key_name(std::size_t number) {
    return fmt::format("k{}", number);
}

std::size_t add(Table& table, Column column, std::string name) {
    column.name = std::move(name);
    table.columns.push_back(std::move(column));
    return table.columns.size() - 1;
}

Column auto_increment_column(Random& random) {
    Column column = integer_column(random);
    if (column.size < 4) column = {.type = "BIGINT", .size = 8};
    column.is_auto_increment = true;
    return column;
}

void add_random_columns(Random& random, Table& table, Dialect dialect, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        Column column = random_column(random, dialect);
        column.is_nullable = random.chance(50);
        add(table, std::move(column), fmt::format("c{}", i));
    }
}

// A unique key needs a column whose values seldom meet; NULLs may.
void add_unique_key(Random& random, Table& table) {
    Column column = key_column(random);
    column.is_nullable = random.chance(40);
    std::size_t const at = add(table, std::move(column), fmt::format("u{}", table.columns.size()));
    table.unique_keys.push_back({at});
}

Table random_table(Random& random, Dialect dialect, std::size_t number) {
    Table table;
    // Names that need their quotes.
    table.name = number == 0 ? "wp_odd`name" : fmt::format("wp_t{}", number);
    if (random.chance(40)) {
        table.primary_key = {add(table, auto_increment_column(random), "ID")};
    } else {
        std::size_t const parts =
            random.chance(50) ? 1 : static_cast<std::size_t>(random.between(2, 3));
        for (std::size_t i = 0; i < parts; ++i)
            table.primary_key.push_back(add(table, key_column(random), auto_key_name(i)));
        if (random.chance(50)) std::swap(table.primary_key.front(), table.primary_key.back());
    }
    add_random_columns(
        random, table, dialect,
        static_cast<std::size_t>(random.between(1, dialect == Dialect::MariaDb ? 7 : 4)));
    if (random.chance(50)) add_unique_key(random, table);
    if (dialect == Dialect::MariaDb && random.chance(15)) {
        Column generated;
        generated.kind = ColumnKind::Generated;
        generated.type = fmt::format("VARCHAR(200) AS (HEX({})) {}",
                                     quoted_name(table.columns[table.primary_key.front()].name),
                                     random.chance(50) ? "STORED" : "VIRTUAL");
        generated.is_nullable = true;
        if (table.columns[table.primary_key.front()].kind == ColumnKind::Integer &&
            !table.columns[table.primary_key.front()].is_auto_increment)
            add(table, std::move(generated), "generated");
    }
    // MyISAM's keys hold 1000 bytes.
    if (table.primary_key.size() == 1 && random.chance(20)) table.engine = "MyISAM";
    if (random.chance(20)) table.options = " ROW_FORMAT=DYNAMIC COMMENT='it''s'";
    if (random.chance(40))
        table.other_clauses.push_back(fmt::format(
            "KEY `plain` ({})", quoted_name(table.columns.back().kind == ColumnKind::Integer
                                                ? table.columns.back().name
                                                : table.columns.front().name)));
    return table;
}

Table string_key_table(Random& random) {
    Table table;
    table.name = "wp_string_key";
    Column key{.type = "VARCHAR(60)", .size = 60};
    set_character_set(key, random.pick(std::vector<CharacterSet>{
                               character_sets()[0], character_sets()[2], character_sets()[5]}));
    table.primary_key = {add(table, key, "name")};
    Column value{.type = "LONGTEXT", .is_nullable = true, .size = 300};
    set_character_set(value, character_sets()[0]);
    add(table, value, "value");
    Column unique{.type = "INT", .is_nullable = true, .size = 4};
    table.unique_keys = {{add(table, unique, "place")}};
    return table;
}

Table no_key_table(Random& random, Dialect dialect) {
    Table table;
    table.name = "wp_no_key";
    if (random.chance(40)) table.engine = "MyISAM";
    add_random_columns(random, table, dialect, static_cast<std::size_t>(random.between(2, 4)));
    return table;
}

Table myisam_table(Random& random) {
    Table table;
    table.name = "wp_latin_myisam";
    table.engine = "MyISAM";
    table.options = " DEFAULT CHARSET=latin1";
    table.primary_key = {add(table, auto_increment_column(random), "id")};
    Column text{.type = "VARCHAR(100)", .size = 100};
    set_character_set(text, character_sets()[5]);
    add(table, text, "title");
    add(table, long_text_column(random), "body");
    add(table, set_column(random), "flags");
    table.columns.back().is_nullable = true;
    return table;
}

Table big_table(Dialect dialect) {
    Table table;
    table.name = "wp_big";
    Column key{.type = "BIGINT UNSIGNED", .size = 8};
    key.is_unsigned = true;
    table.primary_key = {add(table, key, "id")};
    Column blob{.kind = ColumnKind::Binary, .type = "LONGBLOB", .is_nullable = true};
    blob.size = std::size_t{dialect == Dialect::MariaDb ? 16U : 8U} << 20;
    add(table, blob, "body");
    return table;
}

Table parent_table() {
    Table table;
    table.name = "parent";
    Column key{.type = "INT", .size = 4};
    table.primary_key = {add(table, key, "id")};
    Column text{.type = "VARCHAR(20)", .size = 20};
    set_character_set(text, character_sets()[0]);
    add(table, text, "name");
    return table;
}

Table child_table(Random& random) {
    Table table;
    table.name = "child";
    table.primary_key = {add(table, auto_increment_column(random), "id")};
    Column parent{.kind = ColumnKind::ParentId, .type = "INT", .is_nullable = true, .size = 4};
    add(table, parent, "parent_id");
    Column note{.type = "VARCHAR(50)", .is_nullable = true, .size = 50};
    set_character_set(note, character_sets()[0]);
    add(table, note, "note");
    table.other_clauses = {
        fmt::format("CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) "
                    "ON DELETE {} ON UPDATE CASCADE",
                    random.chance(50) ? "CASCADE" : "SET NULL")};
    return table;
}

Table ledger_table() {
    Table table;
    table.name = "ledger";
    Column writer{.type = "INT", .size = 4};
    Column sequence{.type = "BIGINT", .size = 8};
    table.primary_key = {add(table, writer, "writer"), add(table, sequence, "sequence")};
    return table;
}

Table trigger_log_table() {
    Table table;
    table.name = "trigger_log";
    Column key{.type = "BIGINT", .size = 8};
    key.is_auto_increment = true;
    table.primary_key = {add(table, key, "id")};
    Column text{.type = "VARCHAR(60)", .size = 60};
    set_character_set(text, character_sets()[0]);
    add(table, text, "note");
    return table;
}

}  // namespace

std::string quoted_name(std::string_view name) {
    std::string quoted = "`";
    for (char const c : name) quoted.append(c == '`' ? 2 : 1, c);
    return quoted + "`";
}

std::vector<std::size_t> Table::writable_columns() const {
    std::vector<std::size_t> writable;
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].kind != ColumnKind::Generated) writable.push_back(i);
    return writable;
}

std::string Table::column_list() const {
    std::string list;
    for (std::size_t const i : writable_columns())
        list += (list.empty() ? "" : ",") + quoted_name(columns[i].name);
    return list;
}

std::string Table::create_sql() const {
    auto const names = [this](std::vector<std::size_t> const& key) {
        std::string list;
        for (std::size_t const i : key)
            list += (list.empty() ? "" : ",") + quoted_name(columns[i].name);
        return list;
    };
    std::string sql = "CREATE TABLE " + quoted_name(name) + " (";
    for (auto const& column : columns) {
        sql += quoted_name(column.name) + " " + column.type;
        if (column.kind != ColumnKind::Generated) sql += column.is_nullable ? " NULL" : " NOT NULL";
        // Without a default of its own a TIMESTAMP would follow the clock.
        if (column.kind == ColumnKind::Timestamp)
            sql += column.is_nullable ? " DEFAULT NULL" : " DEFAULT '0000-00-00 00:00:00'";
        if (column.is_auto_increment) sql += " AUTO_INCREMENT";
        sql += ", ";
    }
    if (!primary_key.empty()) sql += "PRIMARY KEY (" + names(primary_key) + "), ";
    for (auto const& key : unique_keys) sql += "UNIQUE KEY (" + names(key) + "), ";
    for (auto const& clause : other_clauses) sql += clause + ", ";
    sql.resize(sql.size() - 2);
    return sql + ") ENGINE=" + engine + options;
}

Schema make_schema(Random& random, Dialect dialect) {
    Schema schema;
    schema.dialect = dialect;
    auto const count = static_cast<std::size_t>(random.between(3, 6));
    for (std::size_t i = 0; i < count; ++i)
        schema.tables.push_back(random_table(random, dialect, i));
    schema.tables.push_back(string_key_table(random));
    schema.tables.push_back(no_key_table(random, dialect));
    schema.tables.push_back(myisam_table(random));
    schema.tables.push_back(big_table(dialect));
    schema.tables.push_back(parent_table());
    schema.tables.push_back(child_table(random));
    schema.tables.push_back(trigger_log_table());
    schema.tables.push_back(ledger_table());
    schema.other_objects = {
        "CREATE TRIGGER string_key_changed AFTER UPDATE ON wp_string_key FOR EACH ROW "
        "INSERT INTO trigger_log (note) VALUES (NEW.name)",
        "CREATE VIEW v_children AS SELECT p.id, COUNT(c.id) AS children FROM parent p "
        "LEFT JOIN child c ON c.parent_id = p.id GROUP BY p.id"};
    return schema;
}

}  // namespace aipress::functional
