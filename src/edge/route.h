// What the edge knows of a host: one entry of HAProxy's map, read by deploy/haproxy/haproxy.cfg.
//
//     key     shop.example, or *.shop.example for every name one label below
//     value   TENANT|SCHEME|ADDRESS|PORT|AUTHORITY
//
// A name of its own wins over a wildcard. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/haproxy_runtime.h"

namespace aipress::edge {

enum class Scheme { Http, Https };

// Where requests are sent.
struct Endpoint {
    Scheme scheme = Scheme::Http;
    std::string address = {};  // an IPv4 address, or a name that the edge resolves
    std::uint16_t port = 80;
    // The host name that it is asked by (a Cloud Run service knows its own only); "": the
    // visitor's.
    std::string authority = {};

    bool operator==(Endpoint const&) const = default;
};

struct Route {
    std::string host = {};
    std::string tenant = {};  // whose requests are held together
    Endpoint endpoint = {};

    bool operator==(Route const&) const = default;
};

// The key: lower case, without a dot at the end. Errors: InvalidArgument for what is no host name;
// a name with other letters than ASCII's is given in its xn-- form.
[[nodiscard]] Result<std::string> host_key(std::string_view host);
// Errors: InvalidArgument.
[[nodiscard]] Result<MapEntry> map_entry(Route const& route);
[[nodiscard]] Result<Route> parse_entry(MapEntry const& entry);

// Everything that a router is to have at some moment.
struct RouteTable {
    std::uint64_t version = 0;                       // of the control plane's routes; grows
    std::map<std::string, std::string> routes = {};  // key → value

    bool operator==(RouteTable const&) const = default;
};

// Errors: InvalidArgument; AlreadyExists when two routes have one host.
[[nodiscard]] Result<RouteTable> make_table(std::uint64_t version,
                                            std::vector<Route> const& routes);

struct Difference {
    std::vector<MapEntry> put = {};  // new, or with another value
    std::vector<std::string> removed = {};

    [[nodiscard]] std::size_t size() const { return put.size() + removed.size(); }
};

[[nodiscard]] Difference difference(RouteTable const& has, RouteTable const& wanted);

}  // namespace aipress::edge
