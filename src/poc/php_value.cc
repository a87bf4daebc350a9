#include "poc/php_value.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::poc {
namespace {

namespace json = boost::json;

std::string text_of(std::string_view text) {
    return fmt::format("s:{}:\"{}\";", text.size(), text);
}

bool is_integer_key(std::string_view key) {
    bool const is_number =
        !key.empty() && key.size() < 18 &&
        std::all_of(
            key.begin(), key.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
    return is_number && (key == "0" || key.front() != '0');
}

}  // namespace

std::string php_serialized(json::value const& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "N;";
        case json::kind::bool_:
            return value.get_bool() ? "b:1;" : "b:0;";
        case json::kind::int64:
            return fmt::format("i:{};", value.get_int64());
        case json::kind::uint64:
            return fmt::format("i:{};", value.get_uint64());
        case json::kind::double_:
            return fmt::format("d:{};", value.get_double());
        case json::kind::string:
            return text_of(value.get_string());
        case json::kind::array: {
            auto text = fmt::format("a:{}:{{", value.get_array().size());
            std::size_t index = 0;
            for (auto const& one : value.get_array()) {
                text += fmt::format("i:{};{}", index++, php_serialized(one));
            }
            return text + "}";
        }
        case json::kind::object: {
            auto text = fmt::format("a:{}:{{", value.get_object().size());
            for (auto const& member : value.get_object()) {
                text += is_integer_key(member.key())
                            ? fmt::format("i:{};", std::string_view(member.key()))
                            : text_of(member.key());
                text += php_serialized(member.value());
            }
            return text + "}";
        }
    }
    return "N;";
}

}  // namespace aipress::poc
