#include "tests/integration/binlog_rendering.h"

#include <ctime>
#include <fmt/format.h>

#include "mysql/binlog/column_value.h"

namespace aipress::testing {

namespace {

using mysql::binlog::ColumnValue;
using mysql::binlog::Event;
using mysql::binlog::FieldType;
using mysql::binlog::RowChange;
using mysql::binlog::RowImage;
using mysql::binlog::Rows;
using mysql::binlog::RowsKind;
using mysql::binlog::StoredType;
using mysql::binlog::TableMap;

std::string bits_text(std::uint64_t value, unsigned count) {
    std::string text;
    for (unsigned bit = count; bit-- > 0;) text += (value >> bit & 1U) != 0 ? '1' : '0';
    return "b'" + text + "'";
}

// The bytes as stored: the lowest first.
std::string set_text(ColumnValue const& value) {
    unsigned const count = 8U * value.width;
    return bits_text(__builtin_bswap64(value.integer) >> (64U - count), count);
}

// The tool escapes control characters only.
std::string quoted(std::string_view bytes) {
    std::string text = "'";
    for (char const byte : bytes) {
        if (static_cast<unsigned char>(byte) < 0x20) {
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        } else {
            text += byte;
        }
    }
    return text + "'";
}

// The tool shows a TIMESTAMP as seconds since 1970.
std::string timestamp_as_seconds(std::string const& text) {
    if (text.starts_with("0000")) return "0" + text.substr(19);
    std::tm parts{};
    ::strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
    return std::to_string(::timegm(&parts)) + text.substr(19);
}

std::string date_with_colons(std::string text) {
    for (char& letter : text) {
        if (letter == '-') letter = ':';
    }
    return "'" + text + "'";
}

std::string value_text(ColumnValue const& value, StoredType type) {
    if (value.kind == ColumnValue::Kind::Null) return "NULL";
    switch (type.type) {
        case FieldType::BlobCompressed:
        case FieldType::VarCharCompressed:
            return "?";
        // The tool reads the year 0 as 1900.
        case FieldType::Year:
            return std::to_string(value.integer == 0 ? 1900 : value.integer);
        case FieldType::Enum:
            return std::to_string(value.integer);
        case FieldType::Set:
            return set_text(value);
        case FieldType::Bit:
            return bits_text(value.integer, (type.metadata >> 8U) * 8U + (type.metadata & 0xffU));
        case FieldType::Float:
            return fmt::format("{:g}", value.real);
        case FieldType::Double:
            return fmt::format("{:.20g}", value.real);
        case FieldType::NewDecimal:
            return value.bytes;
        case FieldType::Date:
            return date_with_colons(value.bytes);
        case FieldType::Timestamp:
        case FieldType::Timestamp2:
            return timestamp_as_seconds(value.bytes);
        default:
            break;
    }
    if (value.kind == ColumnValue::Kind::Integer) {
        std::string const text = std::to_string(value.as_signed());
        return value.as_signed() < 0 ? fmt::format("{} ({})", text, value.as_unsigned()) : text;
    }
    return quoted(value.bytes);
}

void render_image(std::vector<std::string>& lines, std::string_view title, RowImage const& image,
                  TableMap const& table) {
    lines.emplace_back(title);
    for (std::size_t column = 0; column < image.size(); ++column) {
        if (image[column].kind == ColumnValue::Kind::Absent) continue;
        auto const type = mysql::binlog::stored_type(table.types[column], table.metadata[column]);
        lines.push_back(fmt::format("###   @{}={}", column + 1, value_text(image[column], type)));
    }
}

void render_change(std::vector<std::string>& lines, RowChange const& change, Rows const& rows) {
    std::string_view const verb = rows.kind == RowsKind::Insert   ? "INSERT INTO"
                                  : rows.kind == RowsKind::Delete ? "DELETE FROM"
                                                                  : "UPDATE";
    lines.push_back(fmt::format("### {} `{}`.`{}`", verb, rows.table->schema, rows.table->table));
    if (change.before) render_image(lines, "### WHERE", *change.before, *rows.table);
    if (change.after) render_image(lines, "### SET", *change.after, *rows.table);
}

}  // namespace

std::vector<std::string> rendered_rows(std::vector<Event> const& events) {
    std::vector<std::string> lines;
    for (Event const& event : events) {
        auto const* rows = std::get_if<Rows>(&event.body);
        if (rows == nullptr) continue;
        for (RowChange const& change : rows->changes) render_change(lines, change, *rows);
    }
    return lines;
}

std::vector<std::string> rows_of_tool_output(std::string_view output) {
    std::vector<std::string> lines;
    while (!output.empty()) {
        std::size_t const end = std::min(output.find('\n'), output.size());
        std::string_view line = output.substr(0, end);
        output.remove_prefix(std::min(end + 1, output.size()));
        if (!line.starts_with("### ")) continue;
        line = line.substr(0, line.rfind(" /* "));
        while (line.ends_with(' ')) line.remove_suffix(1);
        lines.emplace_back(line);
    }
    return lines;
}

}  // namespace aipress::testing
