#include "sandbox/compute/taken_ranges.h"

#include <optional>

#include "sandbox/service.h"

namespace aipress::sandbox::compute {
namespace {

Outcome<std::optional<IpRange>> range_of(Transaction& transaction, std::string const& user) {
    auto const document = TRY(find_resource(transaction, user));
    auto const& body = document.body.as_object();
    if (collection_of(user) == "subnetworks") {
        return IpRange::parse(text_field(body, "ipCidrRange"));
    }
    auto const* const prefix = body.if_contains("prefixLength");
    auto const first = parse_ipv4(text_field(body, "address"));
    if (prefix == nullptr || !first) return std::optional<IpRange>();
    return std::optional(IpRange{.first = *first, .prefix = prefix->to_number<unsigned>()});
}

}  // namespace

Outcome<std::vector<TakenRange>> own_ranges(Transaction& transaction, std::string_view network) {
    std::vector<TakenRange> ranges;
    for (auto const& user : TRY(users_of(transaction, network))) {
        auto const collection = collection_of(user);
        if (collection != "subnetworks" && collection != "addresses") continue;
        if (auto const range = TRY(range_of(transaction, user))) ranges.push_back({*range, user});
        if (collection != "subnetworks") continue;
        auto const document = TRY(find_resource(transaction, user));
        auto const* const more = document.body.as_object().if_contains("secondaryIpRanges");
        if (more == nullptr) continue;
        for (auto const& one : more->as_array()) {
            auto const range = IpRange::parse(text_field(one.as_object(), "ipCidrRange"));
            if (range) ranges.push_back({*range, user});
        }
    }
    return ranges;
}

Outcome<std::vector<TakenRange>> reachable_ranges(Transaction& transaction,
                                                  std::string_view network) {
    auto ranges = TRY(own_ranges(transaction, network));
    auto const document = TRY(find_resource(transaction, network));
    auto const* const peerings = document.body.as_object().if_contains("peerings");
    if (peerings == nullptr) return ranges;
    for (auto const& peering : peerings->as_array()) {
        auto const& fields = peering.as_object();
        auto const path = text_field(fields, "network").substr(kLinks.size());
        if (text_field(fields, "state") != "ACTIVE") continue;
        for (auto& taken : TRY(own_ranges(transaction, path))) {
            taken.peering = text_field(fields, "name");
            ranges.push_back(std::move(taken));
        }
    }
    return ranges;
}

}  // namespace aipress::sandbox::compute
