#include "sandbox/update_mask.h"

#include <algorithm>
#include <string>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

void copy_path(json::object const& from, json::object& to, std::string_view path) {
    auto const dot = path.find('.');
    auto const name = path.substr(0, dot);
    if (dot == path.npos) {
        if (auto const* const value = from.if_contains(name)) {
            to[name] = *value;
        } else {
            to.erase(name);
        }
        return;
    }
    auto const* const inner = from.if_contains(name);
    auto& target = to[name];
    if (!target.is_object()) target.emplace_object();
    copy_path(inner == nullptr || !inner->is_object() ? json::object() : inner->get_object(),
              target.get_object(), path.substr(dot + 1));
}

}  // namespace

std::string camel_case(std::string_view path) {
    std::string name;
    for (std::size_t i = 0; i < path.size(); ++i) {
        bool const is_joint = path[i] == '_' && i + 1 < path.size();
        name += is_joint ? static_cast<char>(path[++i] - 'a' + 'A') : path[i];
    }
    return name;
}

json::object masked(json::object const& current, json::object const& sent, std::string_view mask) {
    if (mask.empty() || mask == "*") return sent;
    auto wish = current;
    while (!mask.empty()) {
        auto const comma = std::min(mask.find(','), mask.size());
        copy_path(sent, wish, camel_case(mask.substr(0, comma)));
        mask.remove_prefix(std::min(comma + 1, mask.size()));
    }
    return wish;
}

}  // namespace aipress::sandbox
