#include "tests/integration/binlog_workload.h"

#include <fmt/format.h>
#include <utility>

namespace aipress::testing {

namespace {

using Literal = std::function<std::string(Random&)>;

constexpr int kRowIds = 60;

std::uint64_t up_to(Random& random, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
}

bool one_in(Random& random, std::uint64_t count) {
    return up_to(random, count - 1) == 0;
}

std::string hex_literal(std::string const& bytes) {
    if (bytes.empty()) return "''";
    std::string hex = "x'";
    for (char const byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return hex + "'";
}

std::string digits(Random& random, unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) text += static_cast<char>('0' + up_to(random, 9));
    return text;
}

// Small, extreme and any numbers of so many bits.
Literal integer(unsigned bits, bool is_signed) {
    return [=](Random& random) -> std::string {
        std::uint64_t const any = random() >> (64 - bits);
        std::uint64_t const most = ~std::uint64_t{0} >> (64 - bits);
        std::uint64_t value = one_in(random, 3) ? up_to(random, 2) : any;
        if (one_in(random, 5)) value = most;
        if (!is_signed) return std::to_string(value);
        value >>= 1U;
        return one_in(random, 2) ? std::to_string(value) : fmt::format("-{}", value) + "-1";
    };
}

Literal decimal(unsigned precision, unsigned scale) {
    return [=](Random& random) {
        std::string text = one_in(random, 2) ? "-" : "";
        text += digits(random, one_in(random, 3) ? 0 : precision - scale) + "0";
        text.erase(text.size() - 1);
        if (text.empty() || text == "-") text += "0";
        if (scale > 0) text += "." + digits(random, scale);
        return text;
    };
}

std::string fraction(Random& random, unsigned fsp) {
    if (fsp == 0) return "";
    return "." + (one_in(random, 4) ? std::string(fsp, '0') : digits(random, fsp));
}

Literal date() {
    return [](Random& random) -> std::string {
        if (one_in(random, 8)) return "'0000-00-00'";
        if (one_in(random, 8)) return "'9999-12-31'";
        if (one_in(random, 10)) return "'2024-00-00'";
        return fmt::format("'{:04}-{:02}-{:02}'", up_to(random, 9999), 1 + up_to(random, 11),
                           1 + up_to(random, 27));
    };
}

Literal time(unsigned fsp) {
    return [=](Random& random) -> std::string {
        if (one_in(random, 8)) return "'-00:00:00" + fraction(random, fsp) + "'";
        return fmt::format("'{}{:02}:{:02}:{:02}{}'", one_in(random, 2) ? "-" : "",
                           up_to(random, one_in(random, 2) ? 838 : 1), up_to(random, 59),
                           up_to(random, 58), fraction(random, fsp));
    };
}

Literal datetime(unsigned fsp) {
    return [=](Random& random) -> std::string {
        if (one_in(random, 8)) return "'0000-00-00 00:00:00'";
        return fmt::format("'{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}'", up_to(random, 9999),
                           1 + up_to(random, 11), 1 + up_to(random, 27), up_to(random, 23),
                           up_to(random, 59), up_to(random, 59), fraction(random, fsp));
    };
}

Literal timestamp(unsigned fsp) {
    return [=](Random& random) -> std::string {
        if (one_in(random, 8)) return "'0000-00-00 00:00:00'";
        if (one_in(random, 8)) return "'2038-01-19 03:14:07'";
        if (one_in(random, 8)) return "'1970-01-01 00:00:01" + fraction(random, fsp) + "'";
        return fmt::format("'{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}'", 1970 + up_to(random, 67),
                           1 + up_to(random, 11), 2 + up_to(random, 26), up_to(random, 23),
                           up_to(random, 59), up_to(random, 59), fraction(random, fsp));
    };
}

std::string random_bytes(Random& random, std::size_t most) {
    std::string bytes(up_to(random, one_in(random, 2) ? most : std::min<std::size_t>(most, 4)), 0);
    for (char& byte : bytes) byte = static_cast<char>(up_to(random, 255));
    return bytes;
}

Literal binary(std::size_t most) {
    return [=](Random& random) { return hex_literal(random_bytes(random, most)); };
}

enum class Alphabet { Latin1, Bmp, Full };

Literal text(Alphabet alphabet, std::size_t most) {
    return [=](Random& random) {
        static std::vector<std::string> const bmp{"a", "B", "'", "\\", "ß", "é", "€", "漢", " "};
        static std::vector<std::string> const latin1{"a", "Z", "'", "\\", "\xe9", "\xdf", "\x80"};
        std::string bytes;
        for (std::uint64_t left = up_to(random, one_in(random, 2) ? most : 3); left > 0; --left) {
            if (alphabet == Alphabet::Full && one_in(random, 5)) {
                bytes += "😀";
            } else {
                auto const& letters = alphabet == Alphabet::Latin1 ? latin1 : bmp;
                bytes += letters[up_to(random, letters.size() - 1)];
            }
        }
        return hex_literal(bytes);
    };
}

Literal number_up_to(std::uint64_t least, std::uint64_t most) {
    return [=](Random& random) { return std::to_string(least + up_to(random, most - least)); };
}

WorkloadTable make_table(std::string name) {
    WorkloadTable table{std::move(name), {}};
    table.columns.push_back(
        {"id", "INT NOT NULL PRIMARY KEY", Comparison::Signed, 0, number_up_to(1, kRowIds)});
    return table;
}

void add(WorkloadTable& table, std::string definition, Comparison comparison, Literal literal,
         std::size_t pad_to = 0) {
    table.columns.push_back({fmt::format("c{}", table.columns.size()), std::move(definition),
                             comparison, pad_to, std::move(literal)});
}

WorkloadTable numbers_table() {
    auto table = make_table("numbers");
    for (auto const& [type, bits] : {std::pair{"TINYINT", 8U},
                                     {"SMALLINT", 16U},
                                     {"MEDIUMINT", 24U},
                                     {"INT", 32U},
                                     {"BIGINT", 64U}}) {
        add(table, type, Comparison::Signed, integer(bits, true));
        add(table, std::string(type) + " UNSIGNED", Comparison::Unsigned, integer(bits, false));
    }
    for (auto const& [precision, scale] :
         {std::pair{5U, 2U}, {10U, 0U}, {65U, 30U}, {18U, 9U}, {9U, 9U}, {1U, 0U}, {20U, 1U}}) {
        add(table, fmt::format("DECIMAL({},{})", precision, scale), Comparison::Text,
            decimal(precision, scale));
    }
    auto const real = [](Random& random) {
        return fmt::format("{}{}.{}e{}", one_in(random, 2) ? "-" : "", digits(random, 3),
                           digits(random, 6), static_cast<int>(up_to(random, 60)) - 30);
    };
    add(table, "FLOAT", Comparison::Real, real);
    add(table, "DOUBLE", Comparison::Real, real);
    for (unsigned const bits : {1U, 7U, 8U, 33U, 64U}) {
        add(table, fmt::format("BIT({})", bits), Comparison::Number, integer(bits, false));
    }
    add(table, "YEAR", Comparison::Unsigned, [](Random& random) {
        return one_in(random, 4) ? "0" : std::to_string(1901 + up_to(random, 254));
    });
    return table;
}

WorkloadTable times_table() {
    auto table = make_table("times");
    add(table, "DATE", Comparison::Text, date());
    for (unsigned fsp = 0; fsp <= 6; ++fsp) {
        add(table, fmt::format("TIME({})", fsp), Comparison::Text, time(fsp));
        add(table, fmt::format("DATETIME({})", fsp), Comparison::Text, datetime(fsp));
        add(table, fmt::format("TIMESTAMP({}) NULL", fsp), Comparison::Text, timestamp(fsp));
    }
    return table;
}

std::string members(int count) {
    std::string list;
    for (int i = 0; i < count; ++i) list += fmt::format("{}'m{}'", i == 0 ? "" : ",", i);
    return "(" + list + ")";
}

WorkloadTable texts_table() {
    auto table = make_table("texts");
    struct Encoding {
        std::string name;
        Alphabet alphabet;
    };
    for (Encoding const& encoding : {Encoding{"latin1", Alphabet::Latin1},
                                     {"utf8", Alphabet::Bmp},
                                     {"utf8mb4", Alphabet::Full}}) {
        for (auto const& [type, most] : {std::pair{"CHAR(10)", 10U},
                                         {"CHAR(255)", 255U},
                                         {"VARCHAR(20)", 20U},
                                         {"VARCHAR(300)", 300U},
                                         {"TEXT", 400U}}) {
            add(table, fmt::format("{} CHARACTER SET {}", type, encoding.name), Comparison::Bytes,
                text(encoding.alphabet, most));
        }
    }
    add(table, "BINARY(5)", Comparison::Bytes, binary(5), 5);
    add(table, "BINARY(255)", Comparison::Bytes, binary(255), 255);
    add(table, "VARBINARY(20)", Comparison::Bytes, binary(20));
    add(table, "VARBINARY(300)", Comparison::Bytes, binary(300));
    add(table, "TINYBLOB", Comparison::Bytes, binary(255));
    add(table, "BLOB", Comparison::Bytes, binary(600));
    add(table, "MEDIUMBLOB", Comparison::Bytes, binary(600));
    add(table, "LONGBLOB", Comparison::Bytes, binary(600));
    add(table, "ENUM" + members(3), Comparison::Number, number_up_to(1, 3));
    add(table, "ENUM" + members(300), Comparison::Number, number_up_to(1, 300));
    add(table, "SET" + members(3), Comparison::Number, number_up_to(0, 7));
    add(table, "SET" + members(20), Comparison::Number, number_up_to(0, (1U << 20U) - 1));
    add(table, "SET" + members(64), Comparison::Number, integer(64, false));
    return table;
}

WorkloadTable special_table() {
    auto table = make_table("special");
    add(table, "POINT", Comparison::Bytes, [](Random& random) {
        return fmt::format("POINT({}, {})", up_to(random, 99), up_to(random, 99));
    });
    add(table, "JSON", Comparison::Bytes,
        [](Random& random) { return fmt::format("'{{\"a\": {}}}'", up_to(random, 999)); });
    add(table, "VARCHAR(300) COMPRESSED", Comparison::Bytes, text(Alphabet::Bmp, 300));
    add(table, "BLOB COMPRESSED", Comparison::Bytes, binary(600));
    add(table, "LONGTEXT COMPRESSED", Comparison::Bytes,
        [](Random& random) { return fmt::format("REPEAT('long ', {})", up_to(random, 500)); });
    add(table, "UUID", Comparison::None, [](Random&) { return std::string("UUID()"); });
    add(table, "INET6", Comparison::None,
        [](Random& random) { return fmt::format("'2001:db8::{}'", up_to(random, 9999)); });
    return table;
}

std::string assignments(WorkloadTable const& table, Random& random) {
    std::string list;
    for (std::size_t i = 1; i < table.columns.size(); ++i) {
        if (!one_in(random, 4)) continue;
        auto const& column = table.columns[i];
        std::string const value = one_in(random, 6) ? "NULL" : column.literal(random);
        list += fmt::format("{}{}={}", list.empty() ? "" : ", ", column.name, value);
    }
    return list.empty() ? "id=id" : list;
}

std::string insert_statement(WorkloadTable const& table, Random& random) {
    std::string sql = "INSERT IGNORE INTO " + table.name + " VALUES ";
    std::uint64_t const rows = 1 + up_to(random, 3);
    for (std::uint64_t row = 0; row < rows; ++row) {
        sql += row == 0 ? "(" : ", (";
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            bool const is_null = i > 0 && one_in(random, 6);
            sql += (i == 0 ? "" : ", ") + (is_null ? "NULL" : table.columns[i].literal(random));
        }
        sql += ")";
    }
    return sql;
}

}  // namespace

std::string WorkloadColumn::selected() const {
    switch (comparison) {
        case Comparison::Number:
            return "CAST(" + name + " AS UNSIGNED)";
        // A FLOAT shown as text has lost bits.
        case Comparison::Real:
            return name + "+0e0";
        default:
            return name;
    }
}

std::string WorkloadTable::create_sql() const {
    std::string sql = "CREATE TABLE " + name + " (";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        sql += (i == 0 ? "" : ", ") + columns[i].name + " " + columns[i].definition;
    }
    return sql + ") ENGINE=InnoDB";
}

std::string WorkloadTable::random_statement(Random& random) const {
    std::uint64_t const from = 1 + up_to(random, kRowIds - 1);
    std::string const where =
        fmt::format(" WHERE id BETWEEN {} AND {}", from, from + up_to(random, 3));
    switch (up_to(random, 5)) {
        case 0:
            return "DELETE FROM " + name + where;
        case 1:
            return fmt::format("UPDATE IGNORE {} SET id={}{}", name, 1 + up_to(random, 59),
                               " WHERE id=" + std::to_string(from));
        case 2:
            return "UPDATE IGNORE " + name + " SET " + assignments(*this, random) + where;
        default:
            return insert_statement(*this, random);
    }
}

std::string WorkloadTable::select_sql() const {
    std::string sql = "SELECT ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        sql += (i == 0 ? "" : ", ") + columns[i].selected();
    }
    return sql + " FROM " + name + " ORDER BY id";
}

std::vector<WorkloadTable> workload_tables(Dialect dialect) {
    std::vector<WorkloadTable> tables{numbers_table(), times_table(), texts_table()};
    if (dialect == Dialect::MariaDb) tables.push_back(special_table());
    return tables;
}

}  // namespace aipress::testing
