#include "random_values.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace aipress::functional {

namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (char const c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::string integer_value(Random& random, Column const& column) {
    unsigned const width = static_cast<unsigned>(column.size * 8);
    std::uint64_t const most_unsigned = width == 64 ? ~std::uint64_t{0} : (1ULL << width) - 1;
    std::uint64_t const raw = random.bits() & most_unsigned;
    // Its greatest value would use the counter up.
    if (column.is_auto_increment) return random.chance(20) ? "0" : std::to_string(raw & 0xffff);
    if (column.is_unsigned)
        return std::to_string(random.chance(5) ? most_unsigned : random.chance(5) ? 0 : raw);
    auto const least = -static_cast<std::int64_t>(most_unsigned / 2) - 1;
    switch (random.below(20)) {
        case 0:
            return std::to_string(least);
        case 1:
            return std::to_string(most_unsigned / 2);
        case 2:
            return "0";
        case 3:
            return "-1";
        // Sign extension of what was drawn.
        default:
            return std::to_string(static_cast<std::int64_t>(raw << (64 - width)) >> (64 - width));
    }
}

std::string digits(Random& random, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random.below(10));
    return text;
}

std::string decimal_value(Random& random, Column const& column) {
    if (random.chance(10)) return "0";
    std::string const whole =
        digits(random, random.below(column.size - column.scale + 1)).insert(0, "0");
    std::string text = (random.chance(40) ? "-" : "") + whole;
    if (column.scale > 0) text += "." + digits(random, column.scale);
    return text;
}

// Not below 1e-37: an underflow would make -0, which MariaDB does not store and MySQL does.
std::string float_value(Random& random, bool is_double) {
    if (random.chance(10)) return "0";
    std::string const text =
        fmt::format("{}{}.{}e{}", random.chance(50) ? "-" : "", random.between(1, 9),
                    digits(random, is_double ? 17 : 10),
                    random.chance(70) ? random.between(-3, 3) : random.between(-37, 37));
    return text;
}

std::string fraction(Random& random, std::size_t count) {
    return count == 0 ? "" : "." + digits(random, count);
}

std::string date_value(Random& random) {
    static std::vector<std::string> const odd{"0000-00-00", "2024-02-30", "2024-00-10",
                                              "2024-05-00", "1000-01-01", "9999-12-31",
                                              "2024-02-29", "0001-01-01"};
    if (random.chance(25)) return random.pick(odd);
    return fmt::format("{:04}-{:02}-{:02}", random.between(1900, 2100), random.between(1, 12),
                       random.between(1, 28));
}

std::string clock_value(Random& random) {
    return fmt::format("{:02}:{:02}:{:02}", random.between(0, 23), random.between(0, 59),
                       random.between(0, 59));
}

std::string timestamp_value(Random& random, Column const& column) {
    static std::vector<std::string> const odd{"0000-00-00 00:00:00", "1970-01-01 00:00:01",
                                              "2038-01-19 03:14:07"};
    if (random.chance(15)) return "'" + random.pick(odd) + "'";
    return fmt::format("'{:04}-{:02}-{:02} {}{}'", random.between(1971, 2037),
                       random.between(1, 12), random.between(1, 28), clock_value(random),
                       fraction(random, column.scale));
}

std::string time_value(Random& random, Column const& column) {
    if (random.chance(10)) return random.chance(50) ? "'-838:59:59'" : "'838:59:59'";
    std::string const text = fmt::format("{}{}{}", random.chance(30) ? "-" : "",
                                         clock_value(random), fraction(random, column.scale));
    // Negative zero is one zero.
    return "'" + (text.starts_with("-00:00:00") ? text.substr(1) : text) + "'";
}

std::string character(Random& random, std::string const& character_set) {
    static std::vector<std::string> const three{"é", "ß", "日", "€", "\u200d", "İ"};
    static std::vector<std::string> const four{"😀", "👩", "𝒳"};
    static std::vector<std::string> const special{
        "'", "\"", "\\", "\n", "\r", "\t", "%", "_", std::string(1, '\0'), "\x1a", " ", ","};
    if (random.chance(15)) return random.pick(special);
    if (random.chance(25)) {
        if (character_set == "latin1")
            return std::string(1, static_cast<char>(random.between(0x80, 0xff)));
        if (character_set == "utf8mb4" && random.chance(50)) return random.pick(four);
        if (character_set != "ascii") return random.pick(three);
    }
    return std::string(1, static_cast<char>(random.between(random.chance(50) ? 'a' : 'A', 'z')));
}

std::string text_value(Random& random, Column const& column) {
    // Short keys are to meet now and then, in other spellings too.
    std::size_t const most =
        random.chance(70) ? std::min<std::size_t>(column.size, 12) : column.size;
    std::size_t const length = static_cast<std::size_t>(
        random.between(random.chance(90) ? 1 : 0, static_cast<std::int64_t>(most)));
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += character(random, column.character_set);
    bool const ends_in_ascii = !text.empty() && static_cast<unsigned char>(text.back()) < 0x80;
    if (ends_in_ascii && random.chance(10)) text.back() = ' ';
    return "_" + column.character_set + " x'" + hex(text) + "'";
}

std::string binary_value(Random& random, Column const& column) {
    std::string bytes = random.bytes(
        static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(column.size))));
    if (!bytes.empty() && random.chance(30)) bytes.back() = '\0';
    return "x'" + hex(bytes) + "'";
}

std::string set_value(Random& random, Column const& column) {
    std::uint64_t const mask =
        column.size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << column.size) - 1;
    return std::to_string(random.bits() & mask);
}

}  // namespace

std::string random_value(Random& random, Column const& column, Strictness strictness) {
    ASSERT(column.kind != ColumnKind::Generated);
    if (column.is_nullable && random.chance(20)) return "NULL";
    switch (column.kind) {
        case ColumnKind::Integer:
            return integer_value(random, column);
        case ColumnKind::Decimal:
            return decimal_value(random, column);
        case ColumnKind::Float:
            return float_value(random, false);
        case ColumnKind::Double:
            return float_value(random, true);
        case ColumnKind::Bit:
            return set_value(random, column);
        case ColumnKind::Year:
            return std::to_string(random.chance(10) ? 0 : random.between(1901, 2155));
        case ColumnKind::Date:
            return "'" + date_value(random) + "'";
        case ColumnKind::Time:
            return time_value(random, column);
        case ColumnKind::DateTime:
            return fmt::format("'{} {}{}'", date_value(random), clock_value(random),
                               fraction(random, column.scale));
        case ColumnKind::Timestamp:
            return timestamp_value(random, column);
        case ColumnKind::Text:
            return text_value(random, column);
        case ColumnKind::Binary:
            return binary_value(random, column);
        case ColumnKind::Enum:
            if (strictness == Strictness::Lenient && random.chance(10)) return "'no such member'";
            return std::to_string(random.between(1, static_cast<std::int64_t>(column.size)));
        case ColumnKind::Set:
            return set_value(random, column);
        case ColumnKind::Json:
            return fmt::format("'{{\"n\": {}, \"s\": \"{}\"}}'", random.between(-9, 9),
                               random.chance(50) ? "é😀" : "x");
        case ColumnKind::Geometry:
            return fmt::format("ST_GeomFromText('POINT({} {})')", random.between(-90, 90),
                               random.between(-90, 90));
        case ColumnKind::ParentId:
            return "(SELECT id FROM parent ORDER BY RAND() LIMIT 1)";
        case ColumnKind::Generated:
            break;
    }
    return "NULL";
}

std::string random_row(Random& random, Table const& table, Strictness strictness) {
    std::string row = "(";
    for (std::size_t const i : table.writable_columns()) {
        Column const& column = table.columns[i];
        bool const by_server = column.is_auto_increment && random.chance(90);
        if (row.size() > 1) row += ",";
        if (by_server)
            row += "NULL";
        else if (column.size >= (std::size_t{1} << 20))
            row += big_value(random, column.size);
        else
            row += random_value(random, column, strictness);
    }
    return row + ")";
}

std::string big_value(Random& random, std::size_t most_bytes) {
    std::string const piece = random.bytes(static_cast<std::size_t>(random.between(50, 400)));
    // Mostly small, so that a run is not made of these rows alone; sometimes all of it.
    std::size_t const bytes =
        random.chance(25) ? most_bytes : 1 + random.below(random.chance(50) ? 1000 : 300'000);
    return fmt::format("LEFT(REPEAT(x'{}', {}), {})", hex(piece), bytes / piece.size() + 1, bytes);
}

}  // namespace aipress::functional
