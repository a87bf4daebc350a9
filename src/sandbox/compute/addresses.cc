#include "sandbox/compute/addresses.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "sandbox/compute/taken_ranges.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::string_view kExternal = "compute_external_addresses";  // by address: its owner
// For documentation (RFC 5737): nobody is there.
constexpr std::array<std::string_view, 3> kExternalRanges{"203.0.113.0/24", "198.51.100.0/24",
                                                          "192.0.2.0/24"};
constexpr std::size_t kExternalMost = 3 * 254;
// Where a range is looked for, away from what people write in by hand and from auto mode's.
constexpr std::array<std::string_view, 4> kInternalRanges{"10.64.0.0/10", "10.32.0.0/11",
                                                          "172.16.0.0/12", "192.168.0.0/16"};
constexpr unsigned kWidest = 8;
constexpr unsigned kNarrowest = 29;

bool is_global(std::string_view path) {
    return path.find("/global/") != path.npos;
}

Outcome<bool> is_taken(Transaction& transaction, std::string const& address) {
    return TRY(transaction.get(kExternal, address)).has_value();
}

// The first range of that prefix which meets none of `taken`.
std::optional<IpRange> free_range(unsigned prefix, std::vector<TakenRange> const& taken) {
    for (auto const text : kInternalRanges) {
        auto const pool = *IpRange::parse(text);
        if (prefix < pool.prefix) continue;
        auto const step = std::uint64_t{1} << (32 - prefix);
        for (std::uint64_t first = pool.first; first <= pool.last();) {
            IpRange const range{.first = static_cast<Ipv4>(first), .prefix = prefix};
            auto const clash = std::find_if(taken.begin(), taken.end(), [&](TakenRange const& one) {
                return one.range.overlaps(range);
            });
            if (clash == taken.end()) return range;
            // Behind what is in the way, at the next place where such a range may begin.
            auto const behind = std::uint64_t{clash->range.last()} + 1;
            first = std::max(first + step, (behind + step - 1) / step * step);
        }
    }
    return std::nullopt;
}

ApiError no_free_range(unsigned prefix) {
    return {
        .code = ErrorCode::FailedPrecondition,
        .message = fmt::format("There is no free range of the length /{} in the network.", prefix),
        .http_status = 400,
        .legacy_reason = "resourceNotAvailable"};
}

Outcome<Done> reserve_range(Change& change) {
    auto& body = change.body;
    auto const network = text_field(body, "network");
    if (network.empty()) return required_field("resource.network");
    auto const* const length = body.if_contains("prefixLength");
    if (length == nullptr) return required_field("resource.prefixLength");
    auto const prefix = length->to_number<std::int64_t>();
    if (prefix < kWidest || prefix > kNarrowest) {
        return invalid_value("resource.prefixLength", fmt::format("{}", prefix),
                             "Must be between 8 and 29.");
    }
    auto const taken = TRY(reachable_ranges(change.transaction, network.substr(kLinks.size())));
    auto const asked = text_field(body, "address");
    if (asked.empty()) {
        auto const range = free_range(static_cast<unsigned>(prefix), taken);
        if (!range) return no_free_range(static_cast<unsigned>(prefix));
        body["address"] = ipv4_text(range->first);
        return Done();
    }
    auto const range = IpRange::parse(fmt::format("{}/{}", asked, prefix));
    if (!range) {
        return invalid_value("resource.address", asked,
                             "Must be the first address of a range of the prefix's length.");
    }
    for (auto const& one : taken) {
        if (!one.peering.empty() || !one.range.overlaps(*range)) continue;
        return invalid_value(
            "resource.address", asked,
            fmt::format("Requested range conflicts with other resources: {}.", one.path));
    }
    return Done();
}

Outcome<std::vector<std::string>> addresses_in(Transaction& transaction,
                                               std::string const& subnetwork) {
    std::vector<std::string> addresses;
    for (auto const& user : TRY(users_of(transaction, subnetwork))) {
        if (collection_of(user) != "addresses") continue;
        auto const document = TRY(find_resource(transaction, user));
        addresses.push_back(text_field(document.body.as_object(), "address"));
    }
    return addresses;
}

// Google keeps the first two and the last two of a subnetwork for itself.
Outcome<Done> reserve_in_subnetwork(Change& change) {
    auto& body = change.body;
    auto const subnetwork = text_field(body, "subnetwork");
    if (subnetwork.empty()) return required_field("resource.subnetwork");
    auto const path = subnetwork.substr(kLinks.size());
    auto const document = TRY(find_resource(change.transaction, path));
    auto const range = *IpRange::parse(text_field(document.body.as_object(), "ipCidrRange"));
    auto const taken = TRY(addresses_in(change.transaction, path));
    auto const is_free = [&](std::string const& address) {
        return std::find(taken.begin(), taken.end(), address) == taken.end();
    };
    auto const asked = text_field(body, "address");
    if (!asked.empty()) {
        auto const address = parse_ipv4(asked);
        if (!address || !range.contains({.first = *address, .prefix = 32})) {
            return invalid_value("resource.address", asked,
                                 "Requested internal IP address is outside the subnetwork CIDR "
                                 "range.");
        }
        if (is_free(asked)) return Done();
        return invalid_value("resource.address", asked, "Specified IP address is in-use.");
    }
    for (Ipv4 address = range.first + 2; address < range.last() - 1; ++address) {
        auto const text = ipv4_text(address);
        if (!is_free(text)) continue;
        body["address"] = text;
        return Done();
    }
    return no_free_range(32);
}

Outcome<Done> reserve_external(Change& change) {
    auto& body = change.body;
    if (!text_field(body, "address").empty()) {
        return invalid_value("resource.address", text_field(body, "address"),
                             "An external address is given, not asked for.");
    }
    if (text_field(body, "ipVersion") == "IPV6") {
        return invalid_value("resource.ipVersion", "IPV6", "This sandbox has IPv4 only.");
    }
    body["address"] = TRY(take_external(change.transaction, change.path));
    body["networkTier"] = body.contains("networkTier") ? body["networkTier"] : "PREMIUM";
    return Done();
}

Outcome<Done> complete(Change& change) {
    auto& body = change.body;
    if (change.before) return Done();
    bool const is_internal = text_field(body, "addressType") == "INTERNAL";
    set_default(body, "addressType", "EXTERNAL");
    set_default(body, "description", "");
    body["status"] = "RESERVED";
    if (!is_internal) return reserve_external(change);
    if (is_global(change.path)) {
        if (text_field(body, "purpose") != "VPC_PEERING") {
            return invalid_value("resource.purpose", text_field(body, "purpose"),
                                 "A global internal address must have the purpose VPC_PEERING.");
        }
        return reserve_range(change);
    }
    set_default(body, "purpose", "GCE_ENDPOINT");
    return reserve_in_subnetwork(change);
}

Outcome<Done> release(Change& change) {
    return release_external(change.transaction, text_field(change.body, "address"), change.path);
}

Outcome<Done> show_users(Transaction& transaction, std::string const& path, json::object& body) {
    json::array users;
    for (auto const& user : TRY(users_of(transaction, path))) users.emplace_back(link_of(user));
    if (users.empty()) return Done();
    body["users"] = std::move(users);
    body["status"] = "IN_USE";
    return Done();
}

}  // namespace

Outcome<std::string> take_external(Transaction& transaction, std::string_view owner) {
    for (auto const text : kExternalRanges) {
        auto const range = *IpRange::parse(text);
        for (Ipv4 address = range.first + 1; address < range.last(); ++address) {
            auto const candidate = ipv4_text(address);
            if (TRY(is_taken(transaction, candidate))) continue;
            TRY(transaction.insert(kExternal, candidate, json::object{{"owner", owner}}));
            return candidate;
        }
    }
    return quota_exceeded("STATIC_ADDRESSES", kExternalMost);
}

Outcome<std::string> owner_of_external(Transaction& transaction, std::string_view address) {
    auto const found = TRY(transaction.get(kExternal, address));
    return found ? text_field(found->body.as_object(), "owner") : std::string();
}

Outcome<Done> release_external(Transaction& transaction, std::string_view address,
                               std::string_view owner) {
    if (TRY(owner_of_external(transaction, address)) != owner) return Done();
    TRY(transaction.remove(kExternal, address));
    return Done();
}

void serve_addresses(Methods& methods, ResourcesPointer const& resources) {
    Kind kind{.api = "globalAddresses",
              .collection = "addresses",
              .parameter = "address",
              .type = "compute#address",
              .labels = Labels::Kept,
              .complete = complete,
              .release = release,
              .decorate = show_users};
    auto regional = kind;
    regional.api = "addresses";
    regional.scope = Scope::Region;
    for (auto const& one : {kind, regional}) {
        auto const shared = std::make_shared<Kind const>(one);
        serve_kind(methods, resources, shared, {"insert", "get", "list", "delete"});
        serve_labels(methods, resources, shared);
    }
    serve_kind(methods, resources, std::make_shared<Kind const>(regional), {"aggregatedList"});
}

}  // namespace aipress::sandbox::compute
