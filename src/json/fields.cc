#include "json/fields.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace aipress::json {
namespace {

Error wrong_field(std::string_view field, std::string_view what) {
    return {ErrorCode::InvalidArgument, fmt::format("$.{}: {}", field, what)};
}

}  // namespace

Result<std::string> get_string(boost::json::object const& object, std::string_view field) {
    auto const* value = object.if_contains(field);
    if (value == nullptr) return wrong_field(field, "missing");
    if (!value->is_string()) return wrong_field(field, "expected a string");
    return std::string(value->get_string());
}

Result<std::int64_t> get_integer(boost::json::object const& object, std::string_view field) {
    auto const* value = object.if_contains(field);
    if (value == nullptr) return wrong_field(field, "missing");
    if (value->is_int64()) return value->get_int64();
    if (value->is_uint64() && value->get_uint64() <= INT64_MAX) {
        return static_cast<std::int64_t>(value->get_uint64());
    }
    return wrong_field(field, "expected an integer");
}

Result<bool> get_bool(boost::json::object const& object, std::string_view field) {
    auto const* value = object.if_contains(field);
    if (value == nullptr) return wrong_field(field, "missing");
    if (!value->is_bool()) return wrong_field(field, "expected true or false");
    return value->get_bool();
}

Result<boost::json::object> parse_object(std::string_view text) {
    boost::system::error_code failure;
    auto value = boost::json::parse({text.data(), text.size()}, failure);
    if (failure) {
        return Error(ErrorCode::InvalidArgument, "not valid JSON: " + failure.message());
    }
    if (!value.is_object()) {
        return Error(ErrorCode::InvalidArgument, "expected a JSON object");
    }
    return std::move(value.get_object());
}

}  // namespace aipress::json
