#include "sandbox/compute/content.h"

namespace aipress::sandbox::compute {

namespace json = boost::json;

json::object content_of(Call const& call, Nulls nulls) {
    auto content = call.content;
    if (nulls == Nulls::Dropped) drop_nulls(content);
    return content.is_object() ? std::move(content.get_object()) : json::object();
}

void set_default(json::object& body, std::string_view name, json::value value) {
    if (!body.contains(name)) body[name] = std::move(value);
}

bool is_true(json::object const& body, std::string_view name) {
    auto const* const value = body.if_contains(name);
    return value != nullptr && *value == true;
}

}  // namespace aipress::sandbox::compute
