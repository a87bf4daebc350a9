#include "gcp/fields.h"

#include <boost/json/value.hpp>
#include <charconv>

namespace aipress::gcp {

std::string text_of(boost::json::object const& object, std::string_view field) {
    auto const* const value = object.if_contains(field);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool bool_of(boost::json::object const& object, std::string_view field) {
    auto const* const value = object.if_contains(field);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> integer_of(boost::json::object const& object, std::string_view field) {
    auto const* const value = object.if_contains(field);
    if (value == nullptr) return std::nullopt;
    if (value->is_int64()) return value->get_int64();
    if (!value->is_string()) return std::nullopt;
    std::string_view const text = value->get_string();
    std::int64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

boost::json::object const* object_of(boost::json::object const& object, std::string_view field) {
    auto const* const value = object.if_contains(field);
    return value == nullptr ? nullptr : value->if_object();
}

boost::json::array const& array_of(boost::json::object const& object, std::string_view field) {
    static boost::json::array const kNone;
    auto const* const value = object.if_contains(field);
    return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

}  // namespace aipress::gcp
