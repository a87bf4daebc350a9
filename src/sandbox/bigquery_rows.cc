#include "sandbox/bigquery_rows.h"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "http/base64.h"
#include "sandbox/service.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr int kDepthMost = 15;  // of records in records: Google's own bound

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "invalid"};
}

// Old names of types are kept as they were given.
std::string canonical_type(json::object const& field) {
    static std::map<std::string, std::string, std::less<>> const aliases{
        {"INT64", "INTEGER"}, {"FLOAT64", "FLOAT"}, {"BOOL", "BOOLEAN"}, {"STRUCT", "RECORD"}};
    auto type = text_field(field, "type");
    for (auto& letter : type) letter = static_cast<char>(std::toupper(letter));
    auto const found = aliases.find(type);
    return found == aliases.end() ? type : found->second;
}

std::string mode_of(json::object const& field) {
    auto const mode = text_field(field, "mode");
    return mode.empty() ? "NULLABLE" : mode;
}

json::array const& fields_of(json::object const& schema) {
    static json::array const none;
    auto const* const fields = schema.if_contains("fields");
    return fields == nullptr ? none : fields->as_array();
}

std::string lower(std::string text) {
    for (auto& letter : text) letter = static_cast<char>(std::tolower(letter));
    return text;
}

Outcome<Done> check_fields(json::object const& schema, int depth) {
    static std::regex const name_pattern("[a-zA-Z_][a-zA-Z0-9_]{0,299}");
    static std::set<std::string, std::less<>> const types{
        "STRING", "BYTES",    "INTEGER", "FLOAT",      "BOOLEAN",   "TIMESTAMP", "DATE",
        "TIME",   "DATETIME", "NUMERIC", "BIGNUMERIC", "GEOGRAPHY", "JSON",      "RECORD"};
    if (depth > kDepthMost) return invalid("The schema is nested too deep.");
    std::set<std::string> names;
    for (auto const& value : fields_of(schema)) {
        auto const& field = value.as_object();
        auto const name = text_field(field, "name");
        if (!std::regex_match(name, name_pattern)) {
            return invalid(
                fmt::format("Invalid field name \"{}\". Fields must contain only "
                            "letters, numbers, and underscores, start with a letter or "
                            "underscore, and be at most 300 characters long.",
                            name));
        }
        if (!names.insert(lower(name)).second) {
            return invalid(fmt::format("Field {} already exists in schema", name));
        }
        auto const type = canonical_type(field);
        if (!types.contains(type)) {
            return invalid(fmt::format("Invalid value for type: {} is not a valid value",
                                       text_field(field, "type")));
        }
        auto const mode = mode_of(field);
        if (mode != "NULLABLE" && mode != "REQUIRED" && mode != "REPEATED") {
            return invalid(fmt::format("Invalid value for mode: {} is not a valid value", mode));
        }
        if (type != "RECORD") continue;
        if (fields_of(field).empty()) {
            return invalid(fmt::format("Field {} is type RECORD but has no schema", name));
        }
        TRY(check_fields(field, depth + 1));
    }
    return Done();
}

json::object const* find_field(json::object const& schema, std::string_view name) {
    for (auto const& field : fields_of(schema)) {
        if (lower(text_field(field.as_object(), "name")) == lower(std::string(name))) {
            return &field.as_object();
        }
    }
    return nullptr;
}

std::string text_of(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

bool matches(std::string const& text, char const* pattern) {
    return std::regex_match(text, std::regex(pattern));
}

// As microseconds since 1970: "2026-11-25 18:30:00 UTC", RFC 3339, or seconds.
std::optional<std::int64_t> microseconds_of(json::value const& value) {
    if (value.is_number()) {
        auto const micros = value.to_number<double>() * 1e6;
        if (std::abs(micros) > 9e17) return std::nullopt;
        return std::llround(micros);
    }
    auto text = text_of(value);
    if (text.ends_with(" UTC")) text.replace(text.size() - 4, 4, "Z");
    if (matches(text, "\\d{4}-\\d{2}-\\d{2}")) text += "T00:00:00";
    bool const has_zone = matches(text, ".*([Zz]|[+-]\\d{2}:\\d{2})");
    auto const time = parse_timestamp(has_zone ? text : text + "Z");
    if (!time) return std::nullopt;
    return std::chrono::floor<std::chrono::microseconds>(*time).count();
}

std::optional<std::string> number_text(json::value const& value) {
    if (!value.is_number() && !value.is_string()) return std::nullopt;
    auto text = text_of(value);
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") return text;
    double number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (value.is_double()) return fmt::format("{}", value.get_double());
    return text;
}

std::optional<std::string> integer_text(json::value const& value) {
    if (value.is_double()) {
        auto const number = value.get_double();
        if (number != std::trunc(number) || std::abs(number) > 9e15) return std::nullopt;
        return fmt::format("{}", std::llround(number));
    }
    if (!value.is_number() && !value.is_string()) return std::nullopt;
    auto const text = text_of(value);
    std::int64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return fmt::format("{}", number);
}

std::optional<std::string> boolean_text(json::value const& value) {
    auto const text = lower(text_of(value));
    if (text == "true" || text == "false") return text;
    return std::nullopt;
}

// nullopt: the value is not of the type.
std::optional<std::string> scalar_text(std::string const& type, json::value const& value) {
    if (type == "JSON") return text_of(value);
    if (value.is_object() || value.is_array()) return std::nullopt;
    if (type == "INTEGER") return integer_text(value);
    if (type == "FLOAT" || type == "NUMERIC" || type == "BIGNUMERIC") return number_text(value);
    if (type == "BOOLEAN") return boolean_text(value);
    if (type == "TIMESTAMP") {
        auto const micros = microseconds_of(value);
        if (!micros) return std::nullopt;
        return fmt::format("{}", *micros);
    }
    auto text = text_of(value);
    if (type == "DATE" && !parse_timestamp(text + "T00:00:00Z")) return std::nullopt;
    if (type == "DATETIME") {
        if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
        if (!parse_timestamp(text + "Z")) return std::nullopt;
    }
    if (type == "TIME" && !parse_timestamp("1970-01-01T" + text + "Z")) return std::nullopt;
    if (type == "BYTES") {
        auto const bytes = http::decode_base64(text);
        if (!bytes) return std::nullopt;
        return http::encode_base64(*bytes);
    }
    return text;
}

class RowChecker {
public:
    explicit RowChecker(UnknownValues unknown) : unknown_(unknown) {}

    json::object record(json::object const& schema, json::object const& row,
                        std::string const& path) {
        json::object result;
        for (auto const& [name, value] : row) {
            auto const* const field = find_field(schema, name);
            auto const location = path.empty() ? std::string(name) : path + "." + std::string(name);
            if (field != nullptr) {
                result[text_field(*field, "name")] = column(*field, value, location);
            } else if (unknown_ == UnknownValues::Refuse) {
                add_error(location, fmt::format("no such field: {}.", location));
            }
        }
        for (auto const& field : fields_of(schema)) {
            auto const name = text_field(field.as_object(), "name");
            auto const* const value = result.if_contains(name);
            bool const is_missing = value == nullptr || value->is_null();
            if (is_missing && mode_of(field.as_object()) == "REQUIRED") {
                auto const location = path.empty() ? name : path + "." + name;
                add_error(location, fmt::format("Missing required field: {}.", location));
            }
        }
        return result;
    }
    json::array errors = {};

private:
    json::value column(json::object const& field, json::value const& value,
                       std::string const& path) {
        if (value.is_null()) return nullptr;
        if (mode_of(field) != "REPEATED") return single(field, value, path);
        if (!value.is_array()) {
            add_error(path, "Repeated field must be imported as a JSON array.");
            return nullptr;
        }
        json::array items;
        for (auto const& item : value.get_array()) {
            if (item.is_null()) {
                add_error(path, "Only optional fields can be set to NULL.");
            } else {
                items.push_back(single(field, item, path));
            }
        }
        return items;
    }
    json::value single(json::object const& field, json::value const& value,
                       std::string const& path) {
        auto const type = canonical_type(field);
        if (type == "RECORD") {
            if (value.is_object()) return record(field, value.get_object(), path);
            add_error(path, "This field: " + path + " is a record.");
            return nullptr;
        }
        if (type != "JSON" && value.is_array()) {
            add_error(path, fmt::format("Array specified for non-repeated field: {}.", path));
            return nullptr;
        }
        if (type != "JSON" && value.is_object()) {
            add_error(path, fmt::format("This field: {} is not a record.", path));
            return nullptr;
        }
        auto text = scalar_text(type, value);
        if (text) return json::value(*text);
        add_error(path, fmt::format("Cannot convert value to {} (bad value): {}", lower(type),
                                    text_of(value)));
        return nullptr;
    }
    void add_error(std::string const& location, std::string const& message) {
        errors.push_back(json::object{{"reason", "invalid"},
                                      {"location", location},
                                      {"debugInfo", ""},
                                      {"message", message}});
    }

    UnknownValues unknown_;
};

json::value shown_value(json::object const& field, json::value const& value,
                        TimestampFormat timestamps) {
    if (auto const* const items = value.if_array()) {
        json::array shown;
        for (auto const& item : *items) {
            shown.push_back(json::object{{"v", shown_value(field, item, timestamps)}});
        }
        return shown;
    }
    if (value.is_null()) return nullptr;
    auto const type = canonical_type(field);
    if (type == "RECORD") return shown_row(field, value.as_object(), timestamps);
    if (type != "TIMESTAMP" || timestamps == TimestampFormat::Microseconds) return value;
    auto const micros = std::strtod(value.as_string().c_str(), nullptr);
    return json::value(fmt::format("{}E9", micros / 1e15));
}

}  // namespace

Outcome<Done> check_table_schema(json::object const& schema) {
    return check_fields(schema, 1);
}

Outcome<Done> check_schema_change(std::string_view table, json::object const& before,
                                  json::object const& after) {
    auto const mismatch = [&](std::string const& why) {
        return invalid(fmt::format("Provided Schema does not match Table {}. {}", table, why));
    };
    for (auto const& value : fields_of(before)) {
        auto const& field = value.as_object();
        auto const name = text_field(field, "name");
        auto const* const now = find_field(after, name);
        if (now == nullptr) return mismatch(fmt::format("Field {} is missing in new schema", name));
        if (canonical_type(field) != canonical_type(*now)) {
            return mismatch(fmt::format("Field {} has changed type from {} to {}", name,
                                        canonical_type(field), canonical_type(*now)));
        }
        bool const is_relaxed = mode_of(field) == "REQUIRED" && mode_of(*now) == "NULLABLE";
        if (mode_of(field) != mode_of(*now) && !is_relaxed) {
            return mismatch(fmt::format("Field {} has changed mode from {} to {}", name,
                                        mode_of(field), mode_of(*now)));
        }
        TRY(check_schema_change(table, field, *now));
    }
    for (auto const& value : fields_of(after)) {
        auto const& field = value.as_object();
        auto const name = text_field(field, "name");
        if (mode_of(field) == "REQUIRED" && find_field(before, name) == nullptr) {
            return mismatch(
                fmt::format("Cannot add required fields to an existing schema. (field: {})", name));
        }
    }
    return Done();
}

CheckedRow check_row(json::object const& schema, json::object const& row, UnknownValues unknown) {
    RowChecker checker(unknown);
    CheckedRow checked;
    checked.row = checker.record(schema, row, "");
    checked.errors = std::move(checker.errors);
    return checked;
}

json::object shown_row(json::object const& schema, json::object const& row,
                       TimestampFormat timestamps) {
    json::array cells;
    for (auto const& value : fields_of(schema)) {
        auto const& field = value.as_object();
        auto const* const stored = row.if_contains(text_field(field, "name"));
        json::value shown = nullptr;
        if (stored != nullptr) {
            shown = shown_value(field, *stored, timestamps);
        } else if (mode_of(field) == "REPEATED") {
            shown = json::array();
        }
        cells.push_back(json::object{{"v", std::move(shown)}});
    }
    return {{"f", std::move(cells)}};
}

}  // namespace aipress::sandbox
