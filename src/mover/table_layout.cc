#include "mover/table_layout.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/assert.h"
#include "mover/limits.h"

namespace aipress::mover {

using mysql::ColumnKind;

namespace {

std::string read_expression(std::string_view name, ColumnKind kind) {
    switch (kind) {
        case ColumnKind::Float:
        case ColumnKind::Double:
            return fmt::format("{}*1e0", name);
        case ColumnKind::Bit:
        case ColumnKind::Enumerated:
            return fmt::format("CAST({} AS UNSIGNED)", name);  // `+0` is signed, or a DOUBLE
        case ColumnKind::Json:
            return fmt::format("CAST({} AS CHAR CHARACTER SET utf8mb4)", name);
        default:
            return std::string(name);
    }
}

bool is_short_text(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::Integer:
        case ColumnKind::Decimal:
        case ColumnKind::Float:
        case ColumnKind::Double:
        case ColumnKind::Bit:
        case ColumnKind::Enumerated:
        case ColumnKind::Temporal:
            return true;
        default:
            return false;
    }
}

void append_hex(std::string& out, std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out += "x'";
    for (char c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    out += '\'';
}

}  // namespace

bool has_wide_rows(mysql::Table const& table) {
    if (table.row_estimate == 0) return false;
    auto const row_bytes = table.data_bytes / table.row_estimate;
    return row_bytes >= limits::kWideRowBytes && row_bytes < limits::kOutlyingRowBytes;
}

TableLayout::TableLayout(mysql::Table const& table, Floats floats)
    : name_(table.name),
      table_column_count_(table.columns.size()),
      row_estimate_(table.row_estimate),
      data_bytes_(table.data_bytes),
      has_secondary_unique_(table.has_secondary_unique_index()),
      floats_(floats),
      has_wide_rows_(mover::has_wide_rows(table)) {
    for (auto const& column : table.columns) {
        if (column.is_generated) continue;
        columns_.push_back({.quoted_name = mysql::quote_identifier(column.name),
                            .kind = column.kind,
                            .character_set = column.character_set,
                            .is_unsigned = column.is_unsigned,
                            .is_nullable = column.is_nullable,
                            .ordinal = column.ordinal,
                            .octet_length = column.octet_length,
                            .is_auto_increment = column.is_auto_increment,
                            .pads_with_zeros = column.data_type == "binary"});
    }
    for (std::size_t const ordinal : table.key) {
        auto const at = std::find_if(columns_.begin(), columns_.end(), [&](auto const& column) {
            return column.ordinal == table.columns[ordinal].ordinal;
        });
        if (at ==
            columns_.end()) {  // a key over a generated column cannot be named by what travels
            key_.clear();
            break;
        }
        key_.push_back(static_cast<std::size_t>(at - columns_.begin()));
    }
}

std::uint64_t TableLayout::average_row_bytes() const {
    return std::max<std::uint64_t>(16, row_estimate_ == 0 ? 0 : data_bytes_ / row_estimate_);
}

bool TableLayout::has_integer_key() const {
    return key_.size() == 1 && columns_[key_[0]].kind == ColumnKind::Integer;
}

std::string TableLayout::select_list() const {
    std::string list;
    for (auto const& column : columns_) {
        if (!list.empty()) list += ',';
        list += read_expression(column.quoted_name, column.kind);
    }
    return list;
}

std::string TableLayout::key_list() const {
    std::string list;
    for (auto const index : key_) {
        if (!list.empty()) list += ',';
        list += columns_[index].quoted_name;
    }
    return list;
}

std::string TableLayout::key_select() const {
    std::string list;
    for (auto const index : key_) {
        if (!list.empty()) list += ',';
        list += read_expression(columns_[index].quoted_name, columns_[index].kind);
    }
    return list;
}

bool TableLayout::has_float() const {
    return std::any_of(columns_.begin(), columns_.end(), [](TravellingColumn const& column) {
        return column.kind == ColumnKind::Float;
    });
}

std::string TableLayout::row_digest() const {
    // Long values enter by CRC and length, so that no CONCAT can outgrow max_allowed_packet and
    // turn into NULL; 'N' stands for NULL, which no number can be mistaken for, and has no length
    // behind it (CONCAT_WS skips NULLs). Fewer functions a value: half the time of verification is
    // spent in them.
    std::string digest = "CRC32(CONCAT_WS('|'";
    for (auto const& column : columns_) {
        auto value = read_expression(column.quoted_name, column.kind);
        // MariaDB cannot store -0.0 that MySQL 5.6 holds: the sign of zero is not compared.
        bool const is_floating =
            column.kind == ColumnKind::Float || column.kind == ColumnKind::Double;
        if (is_floating) value += "+0e0";
        if (column.kind == ColumnKind::Float && floats_ == Floats::AsDumped) {
            value = column.quoted_name;
        }
        if (!is_short_text(column.kind)) {
            digest += column.is_nullable ? fmt::format(",IFNULL(CRC32({0}),'N'),LENGTH({0})", value)
                                         : fmt::format(",CRC32({0}),LENGTH({0})", value);
        } else if (column.kind == ColumnKind::Integer && !column.is_nullable) {
            digest += fmt::format(",{}", value);
        } else {
            digest += fmt::format(",IFNULL(CONCAT({}),'N')", value);
        }
    }
    return digest + "))";
}

void TableLayout::append_key_literal(std::string& out, TravellingColumn const& column,
                                     std::string_view value) const {
    switch (column.kind) {
        case ColumnKind::Integer:
        case ColumnKind::Decimal:
        case ColumnKind::Bit:
        case ColumnKind::Enumerated:
            out += value;
            return;
        case ColumnKind::Text:
            // With its character set named the literal takes on the column's collation and the
            // index serves it; a bare literal would be binary and compare bytes.
            out += fmt::format("_{} ", column.character_set);
            append_hex(out, value);
            return;
        case ColumnKind::Binary:
            append_hex(out, value);
            return;
        default:
            mysql::append_quoted(out, value);
            return;
    }
}

// a > x OR (a = x AND (b > y …)), with the last comparison as given (">", "<=").
std::string TableLayout::bound(std::string_view key, std::string_view last_comparison) const {
    auto const parts = key_parts(key);
    ASSERT(parts.size() == key_.size());
    std::string const strict = last_comparison == "<=" ? "<" : ">";
    std::string predicate;
    for (std::size_t i = parts.size(); i-- > 0;) {
        auto const& column = columns_[key_[i]];
        std::string literal;
        append_key_literal(literal, column, parts[i]);
        if (predicate.empty()) {
            predicate = fmt::format("{}{}{}", column.quoted_name, last_comparison, literal);
        } else {
            // The first half alone bounds the index range; the second cuts exactly.
            predicate = fmt::format("({0}{1}={2} AND ({0}{1}{2} OR {3}))", column.quoted_name,
                                    strict, literal, predicate);
        }
    }
    return predicate;
}

std::string TableLayout::in_range(KeyRange const& range) const {
    if (range.after.empty() && range.upto.empty()) return "TRUE";
    if (range.after.empty()) return bound(range.upto, "<=");
    if (range.upto.empty()) return bound(range.after, ">");
    return bound(range.after, ">") + " AND " + bound(range.upto, "<=");
}

std::string TableLayout::in_keys(std::vector<std::string_view> const& keys) const {
    ASSERT(!keys.empty());
    std::string predicate;
    if (key_.size() == 1) {
        auto const& column = columns_[key_[0]];
        predicate = column.quoted_name + " IN (";
        for (auto const key : keys) {
            if (predicate.back() != '(') predicate += ',';
            append_key_literal(predicate, column, key_parts(key).at(0));
        }
        return predicate + ')';
    }
    // ORs of ANDs: MySQL before 5.7.3 cannot use an index for (a,b) IN ((…),(…)).
    for (auto const key : keys) {
        predicate += predicate.empty() ? "((" : " OR (";
        auto const parts = key_parts(key);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            auto const& column = columns_[key_[i]];
            if (i > 0) predicate += " AND ";
            predicate += column.quoted_name + '=';
            append_key_literal(predicate, column, parts[i]);
        }
        predicate += ')';
    }
    return predicate + ')';
}

RowKey TableLayout::key_of_row(mysql::RowView row) const {
    ASSERT(row.size() == columns_.size());
    RowKey key;
    for (auto const index : key_) {
        ASSERT(row[index].has_value());  // key columns are NOT NULL
        append_key_part(key, *row[index]);
    }
    return key;
}

RowKey TableLayout::key_of_values(mysql::RowView row, std::size_t first) const {
    RowKey key;
    for (std::size_t i = 0; i < key_.size(); ++i) {
        ASSERT(row[first + i].has_value());
        append_key_part(key, *row[first + i]);
    }
    return key;
}

std::optional<RowKey> TableLayout::key_of_image(mysql::binlog::RowImage const& image,
                                                mysql::binlog::RowImage const* fallback) const {
    using Kind = mysql::binlog::ColumnValue::Kind;
    RowKey key;
    for (auto const index : key_) {
        auto const& column = columns_[index];
        if (column.ordinal >= image.size()) return std::nullopt;
        auto const* value = &image[column.ordinal];
        if (value->kind == Kind::Absent && fallback != nullptr &&
            column.ordinal < fallback->size()) {
            value = &(*fallback)[column.ordinal];
        }
        switch (value->kind) {
            case Kind::Absent:
            case Kind::Null:
                return std::nullopt;
            case Kind::Integer:
                append_key_part(key, column.is_unsigned || column.kind != ColumnKind::Integer
                                         ? std::to_string(value->as_unsigned())
                                         : std::to_string(value->as_signed()));
                break;
            case Kind::Bits:
                append_key_part(key, std::to_string(value->as_unsigned()));
                break;
            case Kind::Real:
                return std::nullopt;
            case Kind::Text:
                append_key_part(key, value->bytes);
                break;
            case Kind::Bytes: {
                std::string bytes = value->bytes;
                if (column.pads_with_zeros && bytes.size() < column.octet_length) {
                    bytes.resize(column.octet_length, '\0');
                }
                append_key_part(key, bytes);
                break;
            }
        }
    }
    return key;
}

std::vector<bool> TableLayout::key_columns() const {
    std::vector<bool> wanted;
    for (auto const index : key_) {
        auto const ordinal = columns_[index].ordinal;
        if (wanted.size() <= ordinal) wanted.resize(ordinal + 1);
        wanted[ordinal] = true;
    }
    return wanted;
}

std::string TableLayout::describe_key(std::string_view key) const {
    std::string text = "(";
    auto const parts = key_parts(key);
    for (std::size_t i = 0; i < parts.size() && i < key_.size(); ++i) {
        if (i > 0) text += ", ";
        auto const kind = columns_[key_[i]].kind;
        if (kind == ColumnKind::Binary) {
            append_hex(text, parts[i]);
        } else if (is_short_text(kind)) {
            text += parts[i];
        } else {
            mysql::append_quoted(text, parts[i]);
        }
    }
    return text + ")";
}

std::vector<std::string> TableLayout::differing_columns(mysql::Row const& a,
                                                        mysql::Row const& b) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (a[i] != b[i]) names.push_back(columns_[i].quoted_name);
    }
    return names;
}

std::string TableLayout::insert_columns() const {
    std::string list;
    for (auto const& column : columns_) {
        if (!list.empty()) list += ',';
        list += column.quoted_name;
    }
    return list;
}

std::string TableLayout::insert_placeholders() const {
    std::string list;
    for (auto const& column : columns_) {
        if (!list.empty()) list += ',';
        switch (column.kind) {
            case ColumnKind::Bit:
            case ColumnKind::Enumerated:
                list += "CAST(? AS UNSIGNED)";
                break;
            case ColumnKind::Json:
                list += "CONVERT(? USING utf8mb4)";
                break;
            default:
                list += '?';
        }
    }
    return list;
}

std::string TableLayout::load_columns() const {
    std::vector<std::string> conversions(columns_.size());
    bool converts = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto const kind = columns_[i].kind;
        if (kind == ColumnKind::Bit || kind == ColumnKind::Enumerated) {
            conversions[i] = fmt::format("CAST(@v{} AS UNSIGNED)", i);
        } else if (kind == ColumnKind::Json) {
            conversions[i] = fmt::format("CONVERT(@v{} USING utf8mb4)", i);
        }
        converts = converts || !conversions[i].empty();
    }
    std::string list;
    std::string assignments;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto const& column = columns_[i];
        // With a SET clause MariaDB forgets that an AUTO_INCREMENT column was given, and numbers a
        // 0 anew despite NO_AUTO_VALUE_ON_ZERO, unless the clause names the column too.
        if (converts && column.is_auto_increment) conversions[i] = fmt::format("@v{}", i);
        if (i > 0) list += ',';
        list += conversions[i].empty() ? column.quoted_name : fmt::format("@v{}", i);
        if (conversions[i].empty()) continue;
        assignments += fmt::format("{} {}={}", assignments.empty() ? " SET" : ",",
                                   column.quoted_name, conversions[i]);
    }
    return fmt::format("({}){}", list, assignments);
}

void TableLayout::append_insert_values(std::string& out, mysql::RowView row) const {
    ASSERT(row.size() == columns_.size());
    out += '(';
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) out += ',';
        if (!row[i]) {
            out += "NULL";
            continue;
        }
        switch (columns_[i].kind) {
            case ColumnKind::Bit:
            case ColumnKind::Enumerated:
                out += *row[i];
                break;
            case ColumnKind::Json:
                out += "CONVERT(";
                mysql::append_quoted(out, *row[i]);
                out += " USING utf8mb4)";
                break;
            default:
                mysql::append_quoted(out, *row[i]);
        }
    }
    out += ')';
}

}  // namespace aipress::mover
