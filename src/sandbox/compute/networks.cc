#include "sandbox/compute/networks.h"

#include <fmt/format.h>

#include "sandbox/compute/ip_range.h"
#include "sandbox/compute/locations.h"
#include "sandbox/compute/subnetworks.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr unsigned kAutoOctets = 10;  // 10.OCTET.0.0/20

bool is_auto(json::object const& network) {
    return is_true(network, "autoCreateSubnetworks");
}

Outcome<Done> make_auto_subnetworks(Change& change) {
    if (!is_auto(change.body)) return Done();
    for (auto const& region : regions()) {
        IpRange const range{.first = (kAutoOctets << 24) | (region.octet << 16), .prefix = 20};
        Change subnetwork{
            .transaction = change.transaction,
            .project = change.project,
            .path = fmt::format("projects/{}/regions/{}/subnetworks/{}", change.project,
                                region.name, name_of(change.path)),
            .now = change.now,
            .body = {{"network", link_of(change.path)}, {"ipCidrRange", range.text()}}};
        TRY(make_resource(std::move(subnetwork), *subnetwork_kind(), change.now));
    }
    return Done();
}

Outcome<Done> complete(Change& change) {
    auto& body = change.body;
    if (!change.before && !body.contains("autoCreateSubnetworks")) {
        return invalid_value("resource.IPv4Range", "",
                             "Legacy networks are not supported: autoCreateSubnetworks must be "
                             "given.");
    }
    if (change.before && is_auto(body) != is_auto(*change.before)) {
        return invalid_value("resource.autoCreateSubnetworks", is_auto(body) ? "true" : "false",
                             "The field cannot be changed: see switchToCustomMode.");
    }
    if (auto const* const mtu = body.if_contains("mtu")) {
        auto const value = mtu->to_number<std::int64_t>();
        if (value < 1300 || value > 8896) {
            return invalid_value("resource.mtu", fmt::format("{}", value),
                                 "Must be between 1300 and 8896.");
        }
    }
    // A client may send back what it has read: peerings have methods of their own.
    for (auto const* const name : {"peerings", "subnetworks"}) {
        body.erase(name);
        auto const* const kept = change.before ? change.before->if_contains(name) : nullptr;
        if (kept != nullptr) body[name] = *kept;
    }
    set_default(body, "networkFirewallPolicyEnforcementOrder", "AFTER_CLASSIC_FIREWALL");
    set_default(body, "routingConfig", json::object());
    auto& routing = body["routingConfig"].as_object();
    set_default(routing, "routingMode", "REGIONAL");
    set_default(routing, "bgpBestPathSelectionMode", "LEGACY");
    body["selfLinkWithId"] = link_of(
        fmt::format("projects/{}/global/networks/{}", change.project, text_field(body, "id")));
    if (is_true(body, "enableUlaInternalIpv6")) {
        auto const number = std::stoull(text_field(body, "id"));
        auto const range =
            fmt::format("fd20:{:x}:{:x}:0:0:0:0:0/48", (number >> 12) & 0xfff, number & 0xfff);
        set_default(body, "internalIpv6Range", json::string(range));
    }
    return Done();
}

// An auto mode network takes its own subnetworks with it.
Outcome<Done> release(Change& change) {
    TRY(disconnect_peers(change));
    if (!is_auto(change.body)) return Done();
    for (auto const& user : TRY(users_of(change.transaction, change.path))) {
        bool const is_own =
            collection_of(user) == "subnetworks" && name_of(user) == name_of(change.path);
        if (!is_own || !TRY(users_of(change.transaction, user)).empty()) continue;
        TRY(remove_resource(change.transaction, TRY(find_resource(change.transaction, user))));
    }
    return Done();
}

Outcome<Done> show_subnetworks(Transaction& transaction, std::string const& path,
                               json::object& body) {
    json::array subnetworks;
    for (auto const& user : TRY(users_of(transaction, path))) {
        if (collection_of(user) == "subnetworks") subnetworks.emplace_back(link_of(user));
    }
    if (!subnetworks.empty()) body["subnetworks"] = std::move(subnetworks);
    if (auto const* const peerings = body.if_contains("peerings")) {
        if (peerings->as_array().empty()) body.erase("peerings");
    }
    return Done();
}

}  // namespace

void serve_networks(Methods& methods, ResourcesPointer const& resources) {
    auto const kind =
        std::make_shared<Kind const>(Kind{.api = "networks",
                                          .collection = "networks",
                                          .parameter = "network",
                                          .type = "compute#network",
                                          .takes = milliseconds(8'000),
                                          .fixed = {"description", "networkProfile", "IPv4Range"},
                                          .complete = complete,
                                          .made = make_auto_subnetworks,
                                          .release = release,
                                          .decorate = show_subnetworks});
    serve_kind(methods, resources, kind, {"insert", "get", "list", "patch", "delete"});
    methods.serve("compute.networks.switchToCustomMode", "v1", [=](Call& call) {
        return resources->change(call, *kind, "switchToCustomMode", [](Change& change) {
            change.body["autoCreateSubnetworks"] = false;
            return Outcome<Done>(Done());
        });
    });
    serve_peerings(methods, resources, kind);
}

}  // namespace aipress::sandbox::compute
