#include "tests/sql/sql_file.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "http/base64.h"

namespace aipress::sql {
namespace {

namespace json = boost::json;

constexpr std::array kTypes{Type::Text,  Type::Integer, Type::Boolean,
                            Type::Bytes, Type::Double,  Type::Timestamp};

std::optional<Type> type_of(std::string_view name) {
    for (auto const type : kTypes) {
        if (to_string(type) == name) return type;
    }
    return std::nullopt;
}

std::optional<Value> tagged_value(json::object const& object) {
    if (object.size() != 1 || !object.begin()->value().is_string()) return std::nullopt;
    std::string_view const tag(object.begin()->key());
    std::string_view const text(object.begin()->value().get_string());
    if (tag == "timestamp") {
        if (auto const time = parse_timestamp(text)) return Value(*time);
    } else if (tag == "bytes") {
        if (auto bytes = http::decode_base64(text)) return Value(Bytes{std::move(*bytes)});
    } else if (tag == "null") {
        if (auto const type = type_of(text)) return Value::null_of(*type);
    }
    return std::nullopt;
}

std::optional<Value> value_of(json::value const& value) {
    if (value.is_null()) return Value(nullptr);
    if (value.is_string()) return Value(std::string_view(value.get_string()));
    if (value.is_int64()) return Value(value.get_int64());
    if (value.is_bool()) return Value(value.get_bool());
    if (value.is_double()) return Value(value.get_double());
    if (value.is_object()) return tagged_value(value.get_object());
    return std::nullopt;
}

Result<Parameters> parse_parameters(std::string_view text) {
    boost::system::error_code failure;
    auto const parsed = json::parse(text, failure);
    if (failure || !parsed.is_array()) {
        return Error(ErrorCode::InvalidArgument, "expected a JSON array of parameters");
    }
    Parameters parameters;
    for (auto const& entry : parsed.get_array()) {
        auto value = value_of(entry);
        if (!value) return Error(ErrorCode::InvalidArgument, json::serialize(entry));
        parameters.push_back(std::move(*value));
    }
    return parameters;
}

Result<std::string> normal_row(std::string_view text) {
    boost::system::error_code failure;
    auto const parsed = json::parse(text, failure);
    if (failure || !parsed.is_array()) {
        return Error(ErrorCode::InvalidArgument, "expected a row as a JSON array");
    }
    return json::serialize(parsed);
}

// "statement ok 1", "statement error ALREADY_EXISTS", "query text integer", "schema".
Result<SqlRecord> read_heading(std::string const& heading) {
    std::istringstream words(heading);
    std::string kind;
    std::string outcome;
    words >> kind;
    SqlRecord record;
    if (kind == "schema") {
        record.kind = SqlRecord::Kind::Schema;
    } else if (kind == "query") {
        record.kind = SqlRecord::Kind::Query;
        for (std::string word; words >> word;) {
            auto const type = type_of(word);
            if (!type) return Error(ErrorCode::InvalidArgument, word + " is no type");
            record.types.push_back(*type);
        }
    } else if (kind == "statement" && words >> outcome && (outcome == "ok" || outcome == "error")) {
        std::int64_t changed = 0;
        if (outcome == "error") words >> record.error;
        if (outcome == "ok" && words >> changed) record.changed = changed;
    } else {
        return Error(ErrorCode::InvalidArgument, "expected schema, statement ok|error or query");
    }
    return record;
}

// The lines below a heading, up to the empty one. In a schema a statement begins with its verb.
Result<void> read_body(SqlRecord& record, std::vector<std::string> const& lines) {
    bool is_rows = false;
    for (auto const& line : lines) {
        if (is_rows) {
            record.rows.push_back(TRY(normal_row(line)));
        } else if (line == "----") {
            is_rows = true;
        } else if (line.starts_with("with ")) {
            record.parameters = TRY(parse_parameters(std::string_view(line).substr(5)));
        } else {
            bool const begins = record.statements.empty() ||
                                (record.kind == SqlRecord::Kind::Schema &&
                                 (line.starts_with("CREATE ") || line.starts_with("ALTER ")));
            if (begins) {
                record.statements.push_back(line);
            } else {
                record.statements.back() += "\n" + line;
            }
        }
    }
    if (record.statements.empty()) return Error(ErrorCode::InvalidArgument, "there is no SQL");
    return {};
}

json::value json_of(Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) return json::string(*text);
    if (auto const* number = std::get_if<std::int64_t>(&held)) return *number;
    if (auto const* truth = std::get_if<bool>(&held)) return *truth;
    if (auto const* real = std::get_if<double>(&held)) return *real;
    if (auto const* bytes = std::get_if<Bytes>(&held)) {
        return json::object{{"bytes", http::encode_base64(bytes->data)}};
    }
    if (auto const* time = std::get_if<Timestamp>(&held)) {
        return json::object{{"timestamp", to_text(*time)}};
    }
    return nullptr;
}

// As a field of a record would be read.
template <typename Field>
Result<json::value> read_as(Row const& row, std::size_t column) {
    std::optional<Field> field;
    TRY(row.read(column, field));
    return json_of(Value(field));
}

}  // namespace

Result<std::string> to_json_text(Row const& row, std::vector<Type> const& types) {
    if (row.size() != types.size()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("{} columns", row.size()));
    }
    json::array columns;
    for (std::size_t i = 0; i < types.size(); ++i) {
        switch (types[i]) {
            case Type::Text:
                columns.push_back(TRY(read_as<std::string>(row, i)));
                break;
            case Type::Integer:
                columns.push_back(TRY(read_as<std::int64_t>(row, i)));
                break;
            case Type::Boolean:
                columns.push_back(TRY(read_as<bool>(row, i)));
                break;
            case Type::Bytes:
                columns.push_back(TRY(read_as<Bytes>(row, i)));
                break;
            case Type::Double:
                columns.push_back(TRY(read_as<double>(row, i)));
                break;
            case Type::Timestamp:
                columns.push_back(TRY(read_as<Timestamp>(row, i)));
                break;
        }
    }
    return json::serialize(columns);
}

Result<std::vector<SqlRecord>> read_sql_file(std::filesystem::path const& file) {
    std::ifstream in(file);
    if (!in) return Error(ErrorCode::NotFound, file.string());
    std::vector<SqlRecord> records;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        auto const place = fmt::format("{}:{}", file.filename().string(), number);
        auto record = TRY(read_heading(line).in_context(place));
        record.line = number;
        std::vector<std::string> body;
        while (std::getline(in, line) && !line.empty()) body.push_back(line);
        number += body.size() + 1;
        TRY(read_body(record, body).in_context(place));
        records.push_back(std::move(record));
    }
    return records;
}

}  // namespace aipress::sql
