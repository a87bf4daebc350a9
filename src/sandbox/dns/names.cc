#include "sandbox/dns/names.h"

namespace aipress::sandbox::dns {
namespace {

constexpr std::size_t kLongestName = 254;  // with the last dot: RFC 1035, 2.3.4
constexpr std::size_t kLongestLabel = 63;

bool is_label_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > kLongestLabel) return false;
    for (char const c : label) {
        if (!is_label_character(c)) return false;
    }
    return true;
}

}  // namespace

std::optional<std::string> canonical_name(std::string_view text, Wildcard wildcard) {
    if (text == ".") return std::string(text);
    if (text.size() > kLongestName || !text.ends_with('.')) return std::nullopt;
    std::string name;
    for (char const c : text) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    std::string_view rest = name;
    if (wildcard == Wildcard::Allowed && rest.starts_with("*.")) rest.remove_prefix(2);
    if (rest.empty()) return std::nullopt;
    while (!rest.empty()) {
        auto const dot = rest.find('.');
        if (!is_label(rest.substr(0, dot))) return std::nullopt;
        rest.remove_prefix(dot + 1);
    }
    return name;
}

bool is_within(std::string_view name, std::string_view zone) {
    if (zone == "." || name == zone) return true;
    return name.size() > zone.size() && name.ends_with(zone) &&
           name[name.size() - zone.size() - 1] == '.';
}

std::string reversed_name(std::string_view name) {
    std::string reversed;
    if (name.ends_with('.')) name.remove_suffix(1);
    while (!name.empty()) {
        auto const dot = name.rfind('.');
        auto const begin = dot == name.npos ? 0 : dot + 1;
        reversed += name.substr(begin);
        reversed += '.';
        name = name.substr(0, dot == name.npos ? 0 : dot);
    }
    return reversed;
}

}  // namespace aipress::sandbox::dns
