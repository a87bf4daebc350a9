#include "sql/spanner/values.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "http/base64.h"
#include "sql/limits.h"
#include "sql/number_text.h"

namespace aipress::sql::spanner {
namespace {

namespace json = boost::json;

std::string_view code_of(Type type) {
    switch (type) {
        case Type::Text:
            return "STRING";
        case Type::Integer:
            return "INT64";
        case Type::Boolean:
            return "BOOL";
        case Type::Bytes:
            return "BYTES";
        case Type::Double:
            return "FLOAT64";
        case Type::Timestamp:
            return "TIMESTAMP";
    }
    ASSERT(false);
}

json::value to_json(Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) return json::string(*text);
    if (auto const* number = std::get_if<std::int64_t>(&held)) {
        return json::string(std::to_string(*number));
    }
    if (auto const* truth = std::get_if<bool>(&held)) return *truth;
    if (auto const* bytes = std::get_if<Bytes>(&held)) {
        return json::string(http::encode_base64(bytes->data));
    }
    if (auto const* real = std::get_if<double>(&held)) return *real;
    if (auto const* time = std::get_if<Timestamp>(&held)) return json::string(to_text(*time));
    return nullptr;
}

std::optional<Value> from_text(std::string_view code, std::string_view text) {
    if (code == "STRING") return Value(text);
    if (code == "BYTES") {
        auto bytes = http::decode_base64(text);
        if (bytes) return Value(Bytes{std::move(*bytes)});
    } else if (code == "TIMESTAMP") {
        if (auto const time = parse_timestamp(text)) return Value(*time);
    } else if (code == "INT64" || code == "NUMERIC") {  // a NUMERIC is the sum of integers
        if (auto const number = number_of<std::int64_t>(text)) return Value(*number);
        if (auto const real = number_of<double>(text); real && code == "NUMERIC") {
            return Value(*real);
        }
    }
    return std::nullopt;
}

Result<Value> from_json(std::string_view code, json::value const& value) {
    std::optional<Value> read;
    if (value.is_null()) {
        read = Value(nullptr);
    } else if (value.is_string()) {
        read = from_text(code, value.get_string());
    } else if (value.is_bool() && code == "BOOL") {
        read = Value(value.get_bool());
    } else if (value.is_number() && code == "FLOAT64") {
        read = Value(value.to_number<double>());
    }
    if (read) return std::move(*read);
    return Error(ErrorCode::DataLoss,
                 fmt::format("Cloud Spanner answers with what is no {}", code));
}

struct Columns {
    ColumnNames names = {};
    std::vector<std::string> codes = {};
};

Columns read_columns(json::object const& result_set) {
    Columns columns;
    std::vector<std::string> names;
    auto const* const metadata = gcp::object_of(result_set, "metadata");
    auto const* const type = metadata == nullptr ? nullptr : gcp::object_of(*metadata, "rowType");
    if (type != nullptr) {
        for (auto const& field : gcp::array_of(*type, "fields")) {
            if (!field.is_object()) continue;
            auto const* const of_field = gcp::object_of(field.get_object(), "type");
            names.push_back(gcp::text_of(field.get_object(), "name"));
            columns.codes.push_back(of_field == nullptr ? "" : gcp::text_of(*of_field, "code"));
        }
    }
    columns.names = std::make_shared<std::vector<std::string> const>(std::move(names));
    return columns;
}

}  // namespace

json::object statement_json(std::string_view sql, Parameters const& parameters) {
    json::object values;
    json::object types;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        auto const name = fmt::format("p{}", i + 1);
        values[name] = to_json(parameters[i]);
        if (parameters[i].type()) {
            types[name] = json::object{{"code", code_of(*parameters[i].type())}};
        }
    }
    return {{"sql", sql}, {"params", std::move(values)}, {"paramTypes", std::move(types)}};
}

Result<Answer> read_result_set(json::object const& result_set) {
    auto const columns = read_columns(result_set);
    Answer answer;
    auto const& rows = gcp::array_of(result_set, "rows");
    if (rows.size() > limits::kRowsMost) {
        return Error(ErrorCode::ResourceExhausted, "the query answers with too many rows");
    }
    answer.rows.reserve(rows.size());
    for (auto const& row : rows) {
        if (!row.is_array() || row.get_array().size() != columns.codes.size()) {
            return Error(ErrorCode::DataLoss, "Cloud Spanner answers with a row of another length");
        }
        std::vector<Value> values;
        values.reserve(columns.codes.size());
        for (std::size_t i = 0; i < columns.codes.size(); ++i) {
            values.push_back(TRY(from_json(columns.codes[i], row.get_array()[i])));
        }
        answer.rows.emplace_back(columns.names, std::move(values));
    }
    if (auto const* const stats = gcp::object_of(result_set, "stats")) {
        answer.changed = gcp::integer_of(*stats, "rowCountExact").value_or(0);
    }
    return answer;
}

}  // namespace aipress::sql::spanner
