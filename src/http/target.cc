#include "http/target.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::http {
namespace {

enum class Plus { IsItself, IsSpace };

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode(std::string_view text, Plus plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else if (text[i] == '+' && plus == Plus::IsSpace) {
            decoded += ' ';
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
    Target target;
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    if (text.empty() || std::any_of(text.begin(), text.end(), is_control)) {
        return Error(ErrorCode::InvalidArgument, "the request's target is empty or holds a space");
    }
    if (text == "*") return Target{{}, {}, "*", {}};
    if (text.front() != '/') {
        auto const colon = text.find("://");
        if (colon == std::string_view::npos) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("the request's target begins with neither / nor a scheme: {}",
                                     text.substr(0, 80)));
        }
        target.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 3);
        auto const slash = std::min(text.find_first_of("/?"), text.size());
        target.host = host_without_port(text.substr(0, slash));
        if (target.host.empty()) {
            return Error(ErrorCode::InvalidArgument, "the request's target names no host");
        }
        text.remove_prefix(slash);
    }
    text = text.substr(0, std::min(text.find('#'), text.size()));
    auto const question = std::min(text.find('?'), text.size());
    target.path = question == 0 ? "/" : std::string(text.substr(0, question));
    target.query = text.substr(std::min(question + 1, text.size()));
    return target;
}

std::string_view host_without_port(std::string_view authority) {
    if (!authority.empty() && authority.front() == '[') {
        auto const close = authority.find(']');
        return authority.substr(1, close == std::string_view::npos ? close : close - 1);
    }
    auto const colon = authority.find(':');
    // More than one: an IPv6 address without its brackets.
    if (colon != std::string_view::npos && authority.find(':', colon + 1) != std::string_view::npos)
        return authority;
    return authority.substr(0, std::min(colon, authority.size()));
}

std::string decode_path(std::string_view text) {
    return decode(text, Plus::IsItself);
}

Parameters parse_query(std::string_view text) {
    Parameters parameters;
    while (!text.empty()) {
        auto const end = std::min(text.find('&'), text.size());
        auto const one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (one.empty()) continue;
        auto const equals = std::min(one.find('='), one.size());
        parameters.emplace_back(
            decode(one.substr(0, equals), Plus::IsSpace),
            decode(one.substr(std::min(equals + 1, one.size())), Plus::IsSpace));
    }
    return parameters;
}

}  // namespace aipress::http
