#include "sandbox/filter.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "http/headers.h"
#include "sandbox/update_mask.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

ApiError invalid_filter(std::string_view text) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("Invalid filter '{}': expected FIELD:VALUE or FIELD=VALUE, "
                                   "joined by AND",
                                   text),
            .legacy_reason = "invalid"};
}

// One blank-separated word, quotes kept together; "" at the end.
std::string_view next_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size() && (quoted || rest[end] != ' '); ++end) {
        if (rest[end] == '"') quoted = !quoted;
    }
    auto const word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
}

std::string unquoted(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    return std::string(text);
}

json::value const* look_up(json::object const& resource, std::string_view path) {
    auto const* object = &resource;
    while (true) {
        auto const dot = path.find('.');
        auto const name = path.substr(0, dot);
        auto const* value = object->if_contains(name);
        if (value == nullptr) value = object->if_contains(camel_case(name));
        if (value == nullptr || dot == path.npos) return value;
        object = value->if_object();
        if (object == nullptr) return nullptr;
        path.remove_prefix(dot + 1);
    }
}

}  // namespace

Outcome<Filter> Filter::parse(std::string_view text) {
    Filter filter;
    auto rest = text;
    for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
        if (word == "AND") continue;
        auto const sign = word.find_first_of(":=<>!()");
        bool const is_open = std::count(word.begin(), word.end(), '"') % 2 != 0;
        if (sign == word.npos || sign == 0 || (word[sign] != ':' && word[sign] != '=') || is_open) {
            return invalid_filter(text);
        }
        Term term{std::string(word.substr(0, sign)), unquoted(word.substr(sign + 1))};
        if (term.value.ends_with('*')) {
            term.is_prefix = true;
            term.value.pop_back();
        }
        filter.terms_.push_back(std::move(term));
    }
    return filter;
}

bool Filter::matches(json::object const& resource) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](Term const& term) {
        auto const* value = look_up(resource, term.field);
        if (value == nullptr) return false;
        std::string text =
            value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
        if (term.is_prefix) text.resize(std::min(text.size(), term.value.size()));
        return http::equal_ignoring_case(text, term.value);
    });
}

bool Filter::mentions(std::string_view field) const {
    return std::any_of(terms_.begin(), terms_.end(),
                       [&](Term const& term) { return term.field == field; });
}

}  // namespace aipress::sandbox
