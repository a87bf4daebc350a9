#include "edge/route.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace aipress::edge {
namespace {

constexpr std::size_t kHostBytes = 253;  // RFC 1035, 2.3.4
constexpr std::size_t kLabelBytes = 63;

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= kLabelBytes && label.front() != '-' &&
           label.back() != '-' && std::ranges::all_of(label, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto const end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

Error no_route(MapEntry const& entry) {
    return {ErrorCode::InvalidArgument,
            fmt::format("'{} {}' is no route: the value is TENANT|SCHEME|ADDRESS|PORT|AUTHORITY",
                        entry.key, entry.value)};
}

}  // namespace

Result<std::string> host_key(std::string_view host) {
    std::string key(host);
    std::ranges::transform(key, key.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (key.ends_with('.')) key.pop_back();
    std::string_view name = key;
    if (name.starts_with("*.")) name.remove_prefix(2);
    if (key.size() > kHostBytes || !std::ranges::all_of(split(name, '.'), is_label)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is no host name: use labels of letters, digits and '-', in "
                                 "front of them '*.' for every name below",
                                 host));
    }
    return key;
}

Result<MapEntry> map_entry(Route const& route) {
    auto const key = TRY(host_key(route.host));
    auto const& endpoint = route.endpoint;
    TRY(check_word(route.tenant));
    TRY(host_key(endpoint.address));
    if (!endpoint.authority.empty()) TRY(host_key(endpoint.authority));
    bool const is_https = endpoint.scheme == Scheme::Https;
    if (route.tenant.find('|') != std::string::npos || endpoint.port == 0) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("the route of {} needs a tenant without '|' and a port", key));
    }
    return MapEntry{
        .key = key,
        .value = fmt::format("{}|{}|{}|{}|{}", route.tenant, is_https ? "https" : "http",
                             endpoint.address, endpoint.port, endpoint.authority)};
}

Result<Route> parse_entry(MapEntry const& entry) {
    auto const parts = split(entry.value, '|');
    if (parts.size() != 5) return no_route(entry);
    Route route{.host = entry.key,
                .tenant = std::string(parts[0]),
                .endpoint = {.scheme = parts[1] == "https" ? Scheme::Https : Scheme::Http,
                             .address = std::string(parts[2]),
                             .authority = std::string(parts[4])}};
    auto const port = parts[3];
    auto const parsed =
        std::from_chars(port.data(), port.data() + port.size(), route.endpoint.port);
    // What is written back as it stands was read right.
    auto const again = map_entry(route);
    if (parsed.ec != std::errc() || !again.ok() || again.value() != entry) return no_route(entry);
    return route;
}

Result<RouteTable> make_table(std::uint64_t version, std::vector<Route> const& routes) {
    RouteTable table{.version = version};
    for (auto const& route : routes) {
        auto entry = TRY(map_entry(route));
        auto const [at, is_new] = table.routes.emplace(entry.key, std::move(entry.value));
        if (!is_new) {
            return Error(ErrorCode::AlreadyExists,
                         fmt::format("two routes for {}: of {} and of {}", at->first,
                                     at->second.substr(0, at->second.find('|')), route.tenant));
        }
    }
    return table;
}

Difference difference(RouteTable const& has, RouteTable const& wanted) {
    Difference changes;
    // Both are in the order of their keys.
    auto old = has.routes.begin();
    for (auto const& [key, value] : wanted.routes) {
        while (old != has.routes.end() && old->first < key) {
            changes.removed.push_back((old++)->first);
        }
        bool const is_known = old != has.routes.end() && old->first == key;
        if (!is_known || old->second != value) changes.put.push_back({key, value});
        if (is_known) ++old;
    }
    for (; old != has.routes.end(); ++old) changes.removed.push_back(old->first);
    return changes;
}

}  // namespace aipress::edge
