#include "sandbox/compute/subnetworks.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "sandbox/compute/taken_ranges.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr unsigned kWidest = 4;  // /4 to /29 of a primary range
constexpr unsigned kNarrowest = 29;

// https://cloud.google.com/vpc/docs/subnets#prohibited-ranges
bool is_prohibited(IpRange const& range) {
    static std::array<IpRange, 6> const prohibited{
        *IpRange::parse("0.0.0.0/8"),       *IpRange::parse("127.0.0.0/8"),
        *IpRange::parse("169.254.0.0/16"),  *IpRange::parse("224.0.0.0/4"),
        *IpRange::parse("199.36.153.4/30"), *IpRange::parse("255.255.255.255/32")};
    return std::any_of(prohibited.begin(), prohibited.end(),
                       [&](IpRange const& one) { return one.overlaps(range); });
}

Outcome<IpRange> range_in(std::string const& field, std::string const& text) {
    if (text.empty()) return required_field(field);
    auto const range = IpRange::parse(text);
    if (!range || range->prefix < kWidest || range->prefix > kNarrowest) {
        return invalid_value(field, text, "Must be a CIDR address range.");
    }
    if (is_prohibited(*range)) {
        return invalid_value(field, text, "The range is not one that a subnetwork can have.");
    }
    return *range;
}

Outcome<std::vector<IpRange>> ranges_in(json::object const& body) {
    std::vector<IpRange> ranges;
    auto const primary = text_field(body, "ipCidrRange");
    ranges.push_back(TRY(range_in("resource.ipCidrRange", primary)));
    auto const* const more = body.if_contains("secondaryIpRanges");
    if (more == nullptr) return ranges;
    std::size_t index = 0;
    for (auto const& one : more->as_array()) {
        auto const field = fmt::format("resource.secondaryIpRanges[{}]", index++);
        auto const& fields = one.as_object();
        if (text_field(fields, "rangeName").empty()) return required_field(field + ".rangeName");
        ranges.push_back(TRY(range_in(field + ".ipCidrRange", text_field(fields, "ipCidrRange"))));
    }
    return ranges;
}

ApiError conflict(IpRange const& range, TakenRange const& taken) {
    auto message = fmt::format("Invalid IPCidrRange: {} conflicts with existing ", range.text());
    if (collection_of(taken.path) == "addresses") {
        message += fmt::format("reserved range '{}'", name_of(taken.path));
    } else {
        message += fmt::format("subnetwork '{}' in region '{}'", name_of(taken.path),
                               segment(taken.path, 3));
    }
    if (!taken.peering.empty()) message += fmt::format(" of the peering '{}'", taken.peering);
    return {.code = ErrorCode::InvalidArgument,
            .message = message + ".",
            .http_status = 400,
            .legacy_reason = "invalid"};
}

Outcome<Done> check_free(Change const& change, std::vector<IpRange> const& ranges) {
    auto const network = text_field(change.body, "network").substr(kLinks.size());
    for (std::size_t one = 0; one < ranges.size(); ++one) {
        for (std::size_t other = 0; other < one; ++other) {
            if (!ranges[one].overlaps(ranges[other])) continue;
            return conflict(ranges[one], {.range = ranges[other], .path = change.path});
        }
    }
    for (auto const& taken : TRY(reachable_ranges(change.transaction, network))) {
        bool const is_of_peer = !taken.peering.empty();
        if (taken.path == change.path) continue;
        // What is reserved for a service is not told to peers.
        if (is_of_peer && collection_of(taken.path) == "addresses") continue;
        for (auto const& range : ranges) {
            if (range.overlaps(taken.range)) return conflict(range, taken);
        }
    }
    return Done();
}

bool ranges_changed(Change const& change) {
    if (!change.before) return true;
    for (auto const* const name : {"ipCidrRange", "secondaryIpRanges"}) {
        auto const* const before = change.before->if_contains(name);
        auto const* const after = change.body.if_contains(name);
        if (before == nullptr || after == nullptr) {
            if (before != after) return true;
        } else if (*before != *after) {
            return true;
        }
    }
    return false;
}

Outcome<Done> complete(Change& change) {
    auto& body = change.body;
    if (text_field(body, "network").empty()) return required_field("resource.network");
    auto const ranges = TRY(ranges_in(body));
    if (ranges_changed(change)) TRY(check_free(change, ranges));
    body["gatewayAddress"] = ipv4_text(ranges.front().first + 1);
    set_default(body, "privateIpGoogleAccess", false);
    set_default(body, "privateIpv6GoogleAccess", "DISABLE_GOOGLE_ACCESS");
    set_default(body, "purpose", "PRIVATE");
    set_default(body, "stackType", "IPV4_ONLY");
    set_default(body, "logConfig", json::object{{"enable", false}});
    body["state"] = "READY";
    return Done();
}

Outcome<Done> expand(Change& change, std::string const& text) {
    auto const range = TRY(range_in("ipCidrRange", text));
    auto const present = IpRange::parse(text_field(change.body, "ipCidrRange"));
    if (!present || !range.contains(*present) || range.prefix == present->prefix) {
        return invalid_value("ipCidrRange", text,
                             fmt::format("The new range must contain the present one, {}.",
                                         text_field(change.body, "ipCidrRange")));
    }
    change.body["ipCidrRange"] = text;
    return complete(change);
}

}  // namespace

KindPointer subnetwork_kind() {
    static auto const kind =
        std::make_shared<Kind const>(Kind{.api = "subnetworks",
                                          .collection = "subnetworks",
                                          .parameter = "subnetwork",
                                          .type = "compute#subnetwork",
                                          .scope = Scope::Region,
                                          .fingerprint = Fingerprint::Required,
                                          .takes = milliseconds(6'000),
                                          .fixed = {"network", "ipCidrRange", "purpose"},
                                          .complete = complete});
    return kind;
}

void serve_subnetworks(Methods& methods, ResourcesPointer const& resources) {
    auto const kind = subnetwork_kind();
    serve_kind(methods, resources, kind,
               {"insert", "get", "list", "aggregatedList", "patch", "delete"});
    // These say what they change, whatever else has changed.
    auto any_version = std::make_shared<Kind>(*kind);
    any_version->fingerprint = Fingerprint::Honoured;
    methods.serve("compute.subnetworks.expandIpCidrRange", "v1", [=](Call& call) {
        return resources->change(call, *any_version, "expandIpCidrRange", [&](Change& change) {
            return expand(change, text_field(content_of(call, Nulls::Dropped), "ipCidrRange"));
        });
    });
    methods.serve("compute.subnetworks.setPrivateIpGoogleAccess", "v1", [=](Call& call) {
        return resources->change(
            call, *any_version, "setPrivateIpGoogleAccess", [&](Change& change) {
                change.body["privateIpGoogleAccess"] =
                    is_true(content_of(call, Nulls::Dropped), "privateIpGoogleAccess");
                return Outcome<Done>(Done());
            });
    });
}

}  // namespace aipress::sandbox::compute
