// A peering is one side's: ACTIVE when the other network has one that leads back.
//
//     (none) --addPeering--> INACTIVE <--the other side goes / comes--> ACTIVE
#include <algorithm>
#include <fmt/format.h>

#include "sandbox/compute/networks.h"
#include "sandbox/compute/taken_ranges.h"
#include "sandbox/limits.h"
#include "sandbox/merge_patch.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::string_view kWaiting = "Waiting for peer network to connect.";
constexpr std::string_view kConnected = "Connected.";
constexpr std::string_view kDeleted =
    "Peering was deleted by the peer network: waiting for it to connect again.";

json::array& peerings_of(json::object& network) {
    auto& value = network["peerings"];
    if (!value.is_array()) value = json::array();
    return value.as_array();
}

json::object* find_by(json::object& network, std::string_view field, std::string_view value) {
    for (auto& peering : peerings_of(network)) {
        if (text_field(peering.as_object(), field) == value) return &peering.as_object();
    }
    return nullptr;
}

void set_state(json::object& peering, std::string_view state, std::string_view details,
               WallTime now) {
    peering["state"] = state;
    peering["stateDetails"] = fmt::format("[{}]: {}", timestamp(now), details);
}

ApiError resource_usage(std::string message) {
    return {.code = ErrorCode::FailedPrecondition,
            .message = "Invalid resource usage: '" + std::move(message) + "'.",
            .http_status = 400,
            .legacy_reason = "invalidResourceUsage"};
}

Outcome<Done> check_idle(json::object const& network, WallTime now) {
    auto const* const hidden = network.if_contains(kHidden);
    auto const* const busy =
        hidden == nullptr ? nullptr : hidden->as_object().if_contains("peering_ms");
    if (busy == nullptr || busy->to_number<std::int64_t>() <= milliseconds_of(now)) return Done();
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message =
                        "There is a peering operation in progress on the local or peer network. "
                        "Try again later.",
                    .http_status = 400,
                    .legacy_reason = "badRequest"};
}

void set_busy(json::object& network, WallTime until) {
    auto& hidden = network[kHidden];
    if (!hidden.is_object()) hidden = json::object();
    hidden.as_object()["peering_ms"] = milliseconds_of(until);
}

// "resource (an IP range)" of both networks that cannot be told apart once they are connected.
Outcome<Done> check_overlap(Transaction& transaction, std::string const& local,
                            std::string const& peer) {
    auto const local_own = TRY(own_ranges(transaction, local));
    auto const local_all = TRY(reachable_ranges(transaction, local));
    auto const peer_own = TRY(own_ranges(transaction, peer));
    auto const peer_all = TRY(reachable_ranges(transaction, peer));
    auto const clash = [](auto const& ours, auto const& theirs) -> std::optional<ApiError> {
        for (auto const& one : ours) {
            for (auto const& other : theirs) {
                // What is reserved for a service is not told to peers.
                bool const is_told = collection_of(one.path) == "subnetworks" &&
                                     collection_of(other.path) == "subnetworks";
                if (!is_told || one.path == other.path) continue;
                if (!one.range.overlaps(other.range)) continue;
                return resource_usage(fmt::format(
                    "An IP range in the peer network ({}) overlaps with an IP range in the local "
                    "network ({}) allocated by resource ({})",
                    other.range.text(), one.range.text(), one.path));
            }
        }
        return std::nullopt;
    };
    if (auto error = clash(local_own, peer_all)) return std::move(*error);
    if (auto error = clash(local_all, peer_own)) return std::move(*error);
    return Done();
}

// The network at the other end; nullopt when it is not there, or is Google's own.
Outcome<std::optional<Document>> peer_of(Transaction& transaction, json::object const& peering) {
    auto const link = text_field(peering, "network");
    return TRY(transaction.get(kResources, without_prefix(link, kLinks)));
}

class Peerings {
public:
    Peerings(ResourcesPointer resources, KindPointer kind)
        : resources_(std::move(resources)), kind_(std::move(kind)) {}

    Outcome<Reply> add(Call& call);
    Outcome<Reply> update(Call& call);
    Outcome<Reply> remove(Call& call);

private:
    [[nodiscard]] WallTime done() const { return resources_->operations().done_at(kind_->takes); }
    // The other side as well: both are written, both are busy until it is done.
    Outcome<Done> connect(Change& change, json::object& peering) const;

    ResourcesPointer const resources_;
    KindPointer const kind_;
};

// What a client says, in the present way or in the one from before.
Outcome<json::object> asked_peering(Call const& call, Change const& change) {
    auto const fields = content_of(call, Nulls::Dropped);
    json::object asked;
    if (auto const* const given = fields.if_contains("networkPeering")) {
        asked = given->as_object();
    } else {
        for (auto const& [from, to] : {std::pair{"name", "name"}, {"peerNetwork", "network"}}) {
            if (auto const* const value = fields.if_contains(from)) asked[to] = *value;
        }
        asked["exchangeSubnetRoutes"] = true;
    }
    TRY(check_name("networkPeering.name", text_field(asked, "name")));
    if (auto const network = text_field(asked, "network"); !network.empty()) {
        auto path = path_of(network, change.project);
        if (!path || collection_of(*path) != "networks") {
            return invalid_value("networkPeering.network", network, "The URL is malformed.");
        }
        auto project = find_project(change.transaction, segment(*path, 1));
        if (project.ok()) {
            *path =
                fmt::format("projects/{}/global/networks/{}", project.release().id, name_of(*path));
        }
        asked["network"] = link_of(*path);
    }
    for (auto const* const name : {"state", "stateDetails"}) asked.erase(name);
    return asked;
}

Outcome<Done> check_new(Change& change, json::object const& asked) {
    auto const name = text_field(asked, "name");
    auto const network = text_field(asked, "network");
    if (network.empty()) return required_field("networkPeering.network");
    if (!is_true(asked, "exchangeSubnetRoutes")) {
        return invalid_value("networkPeering.exchangeSubnetRoutes", "false", "Must be true.");
    }
    if (network == link_of(change.path)) {
        return invalid_value("networkPeering.network", network,
                             "A network cannot be peered with itself.");
    }
    if (find_by(change.body, "name", name) != nullptr) {
        return resource_usage(
            fmt::format("There is already a peering ({}) with the same name", name));
    }
    if (auto const* const other = find_by(change.body, "network", network)) {
        return resource_usage(fmt::format("There is already a peering ({}) with the same network",
                                          text_field(*other, "name")));
    }
    if (peerings_of(change.body).size() >= limits::kPeeringsOfNetwork) {
        return quota_exceeded("PEERINGS_PER_NETWORK", limits::kPeeringsOfNetwork);
    }
    return Done();
}

Outcome<Done> Peerings::connect(Change& change, json::object& peering) const {
    set_state(peering, "INACTIVE", kWaiting, change.now);
    auto other = TRY(peer_of(change.transaction, peering));
    if (!other) return Done();
    auto const before = other->body.as_object();
    auto& network = other->body.as_object();
    TRY(check_idle(network, change.now));
    if (auto* const back = find_by(network, "network", link_of(change.path))) {
        TRY(check_overlap(change.transaction, change.path, other->name));
        set_state(peering, "ACTIVE", kConnected, change.now);
        set_state(*back, "ACTIVE", kConnected, change.now);
    }
    set_busy(network, done());
    return update_resource(change.transaction, other->name, before, network);
}

Outcome<Reply> Peerings::add(Call& call) {
    return resources_->change(call, *kind_, "addPeering", [&](Change& change) -> Outcome<Done> {
        auto peering = TRY(asked_peering(call, change));
        TRY(check_idle(change.body, change.now));
        TRY(check_new(change, peering));
        set_default(peering, "autoCreateRoutes", true);
        set_default(peering, "exportCustomRoutes", false);
        set_default(peering, "importCustomRoutes", false);
        set_default(peering, "exportSubnetRoutesWithPublicIp", true);
        set_default(peering, "importSubnetRoutesWithPublicIp", false);
        set_default(peering, "stackType", "IPV4_ONLY");
        TRY(connect(change, peering));
        peerings_of(change.body).push_back(std::move(peering));
        set_busy(change.body, done());
        return Done();
    });
}

ApiError no_peering(std::string const& name, Change const& change) {
    return invalid_value(
        "networkPeering.name", name,
        fmt::format("There is no peering of that name on the network '{}'.", change.path));
}

Outcome<Reply> Peerings::update(Call& call) {
    return resources_->change(call, *kind_, "updatePeering", [&](Change& change) -> Outcome<Done> {
        auto const asked = TRY(asked_peering(call, change));
        TRY(check_idle(change.body, change.now));
        auto const name = text_field(asked, "name");
        auto* const peering = find_by(change.body, "name", name);
        if (peering == nullptr) return no_peering(name, change);
        auto const network = text_field(asked, "network");
        if (!network.empty() && network != text_field(*peering, "network")) {
            return invalid_value("networkPeering.network", network, "The field cannot be changed.");
        }
        merge_patch(*peering, asked);
        set_busy(change.body, done());
        return Done();
    });
}

// What is left of a peering when its other side has gone.
Outcome<Done> disconnect(Change& change, json::object const& peering, WallTime busy_until) {
    auto other = TRY(peer_of(change.transaction, peering));
    if (!other) return Done();
    auto const before = other->body.as_object();
    auto& network = other->body.as_object();
    TRY(check_idle(network, change.now));
    auto* const back = find_by(network, "network", link_of(change.path));
    if (back == nullptr) return Done();
    set_state(*back, "INACTIVE", kDeleted, change.now);
    set_busy(network, busy_until);
    return update_resource(change.transaction, other->name, before, network);
}

Outcome<Reply> Peerings::remove(Call& call) {
    return resources_->change(call, *kind_, "removePeering", [&](Change& change) -> Outcome<Done> {
        auto const name = text_field(content_of(call, Nulls::Dropped), "name");
        if (name.empty()) return required_field("name");
        TRY(check_idle(change.body, change.now));
        auto const* const peering = find_by(change.body, "name", name);
        if (peering == nullptr) return no_peering(name, change);
        TRY(disconnect(change, *peering, done()));
        remove_peering(change.body, name);
        set_busy(change.body, done());
        return Done();
    });
}

}  // namespace

json::object const* find_peering(json::object const& network, std::string_view name) {
    auto const* const peerings = network.if_contains("peerings");
    if (peerings == nullptr) return nullptr;
    for (auto const& peering : peerings->as_array()) {
        if (text_field(peering.as_object(), "name") == name) return &peering.as_object();
    }
    return nullptr;
}

Outcome<Done> add_service_peering(Change& network, std::string_view name,
                                  std::string_view service_network) {
    if (find_peering(network.body, name) != nullptr) return Done();
    auto& peerings = peerings_of(network.body);
    if (peerings.size() >= limits::kPeeringsOfNetwork) {
        return quota_exceeded("PEERINGS_PER_NETWORK", limits::kPeeringsOfNetwork);
    }
    json::object peering{{"name", name},
                         {"network", link_of(service_network)},
                         {"autoCreateRoutes", true},
                         {"exchangeSubnetRoutes", true},
                         {"exportCustomRoutes", false},
                         {"importCustomRoutes", false},
                         {"exportSubnetRoutesWithPublicIp", false},
                         {"importSubnetRoutesWithPublicIp", false},
                         {"stackType", "IPV4_ONLY"}};
    set_state(peering, "ACTIVE", kConnected, network.now);
    peerings.push_back(std::move(peering));
    return Done();
}

void remove_peering(json::object& network, std::string_view name) {
    auto& peerings = peerings_of(network);
    auto const found = std::find_if(peerings.begin(), peerings.end(), [&](auto const& peering) {
        return text_field(peering.as_object(), "name") == name;
    });
    if (found != peerings.end()) peerings.erase(found);
}

Outcome<Done> disconnect_peers(Change& network) {
    auto const peerings = peerings_of(network.body);
    for (auto const& peering : peerings) {
        TRY(disconnect(network, peering.as_object(), network.now));
    }
    return Done();
}

void serve_peerings(Methods& methods, ResourcesPointer const& resources,
                    KindPointer const& networks) {
    auto const peerings = std::make_shared<Peerings>(resources, networks);
    methods.serve("compute.networks.addPeering", "v1",
                  [=](Call& call) { return peerings->add(call); });
    methods.serve("compute.networks.updatePeering", "v1",
                  [=](Call& call) { return peerings->update(call); });
    methods.serve("compute.networks.removePeering", "v1",
                  [=](Call& call) { return peerings->remove(call); });
}

}  // namespace aipress::sandbox::compute
