#include "store/row_json.h"

#include <fmt/format.h>

#include "http/base64.h"

namespace aipress::store {
namespace {

namespace json = boost::json;

// Read as the column's type, which SQLite does not tell by itself.
template <typename Field>
Result<sql::Value> value_as(sql::Row const& row, std::size_t column) {
    std::optional<Field> field;
    TRY(row.read(column, field));
    return sql::Value(field);
}

Result<sql::Value> typed_value(sql::Row const& row, std::size_t column, sql::Type type) {
    switch (type) {
        case sql::Type::Text:
            return value_as<std::string>(row, column);
        case sql::Type::Integer:
            return value_as<std::int64_t>(row, column);
        case sql::Type::Boolean:
            return value_as<bool>(row, column);
        case sql::Type::Bytes:
            return value_as<sql::Bytes>(row, column);
        case sql::Type::Double:
            return value_as<double>(row, column);
        case sql::Type::Timestamp:
            return value_as<sql::Timestamp>(row, column);
    }
    ASSERT(false);
}

json::value to_json(sql::Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) return json::string(*text);
    if (auto const* number = std::get_if<std::int64_t>(&held)) return *number;
    if (auto const* truth = std::get_if<bool>(&held)) return *truth;
    if (auto const* bytes = std::get_if<sql::Bytes>(&held)) {
        return json::string(http::encode_base64(bytes->data));
    }
    if (auto const* real = std::get_if<double>(&held)) return *real;
    if (auto const* time = std::get_if<sql::Timestamp>(&held)) {
        return json::string(sql::to_text(*time));
    }
    return nullptr;
}

std::optional<sql::Value> from_text(sql::Type type, std::string_view text) {
    if (type == sql::Type::Text) return sql::Value(text);
    if (type == sql::Type::Bytes) {
        if (auto bytes = http::decode_base64(text))
            return sql::Value(sql::Bytes{std::move(*bytes)});
    } else if (type == sql::Type::Timestamp) {
        if (auto const time = sql::parse_timestamp(text)) return sql::Value(*time);
    }
    return std::nullopt;
}

std::optional<sql::Value> from_json(ColumnShape const& column, json::value const& value) {
    if (value.is_null() && column.may_be_null) return sql::Value::null_of(column.type);
    if (value.is_string()) return from_text(column.type, value.get_string());
    if (value.is_int64() && column.type == sql::Type::Integer) {
        return sql::Value(value.get_int64());
    }
    if (value.is_bool() && column.type == sql::Type::Boolean) return sql::Value(value.get_bool());
    if (value.is_number() && column.type == sql::Type::Double) {
        return sql::Value(value.to_number<double>());
    }
    return std::nullopt;
}

}  // namespace

Result<json::object> row_to_json(TableShape const& shape, sql::Row const& row) {
    json::object object;
    object.reserve(shape.columns.size());
    for (std::size_t i = 0; i < shape.columns.size(); ++i) {
        auto const& column = shape.columns[i];
        auto const value = TRY(typed_value(row, i, column.type));
        if (value.is_null() && !column.may_be_null) {
            return Error(ErrorCode::DataLoss,
                         fmt::format("{}.{} is NULL in the store", shape.name, column.name));
        }
        object[column.name] = to_json(value);
    }
    return object;
}

Result<sql::Parameters> row_from_json(TableShape const& shape, json::object const& row) {
    sql::Parameters parameters;
    for (auto const& column : shape.columns) {
        auto const* const field = row.if_contains(column.name);
        auto value = field == nullptr ? std::nullopt : from_json(column, *field);
        if (!value) {
            return Error(ErrorCode::DataLoss, fmt::format("{}.{}: expected {}", shape.name,
                                                          column.name, to_string(column.type)));
        }
        parameters.push_back(std::move(*value));
    }
    if (row.size() != shape.columns.size()) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("a row of {} has columns that are not known", shape.name));
    }
    return parameters;
}

}  // namespace aipress::store
