#include "inventory/classify.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "inventory/limits.h"

namespace aipress::inventory {
namespace {

constexpr std::string_view kTrafficLabel = "traffic-class";
constexpr std::array<Traffic, 4> kTraffic{Traffic::Development, Traffic::Low, Traffic::Medium,
                                          Traffic::High};

std::string label_of(Tenant const& tenant, Resources const& resources, std::string_view name) {
    for (auto const& held : tenant.holds) {
        auto const& resource = resources.at(held.resource);
        auto const label = resource.label(name);
        if (resource.kind == Kind::Service && !label.empty()) return std::string(label);
    }
    return "";
}

Traffic traffic_of(double requests) {
    if (requests >= limits::kHighTraffic) return Traffic::High;
    if (requests >= limits::kMediumTraffic) return Traffic::Medium;
    return requests >= limits::kLowTraffic ? Traffic::Low : Traffic::Development;
}

Reasoned<Traffic> traffic_class(Tenant const& tenant, Resources const& resources) {
    auto const label = label_of(tenant, resources, kTrafficLabel);
    auto const named = std::find_if(kTraffic.begin(), kTraffic.end(),
                                    [&](Traffic one) { return to_string(one) == label; });
    auto const& requests = tenant.requests_a_day;
    if (requests.value) {
        auto const measured = traffic_of(*requests.value);
        auto reason =
            fmt::format("{:.0f} requests in the last day ({})", *requests.value, requests.source);
        if (!label.empty() && to_string(measured) != label) {
            reason += fmt::format("; its label {} says {}", kTrafficLabel, label);
        }
        return {measured, std::move(reason)};
    }
    if (named != kTraffic.end()) {
        return {*named, fmt::format("its label {}; no traffic was measured", kTrafficLabel)};
    }
    return {Traffic::Unknown,
            fmt::format("no traffic was measured, and it has no label {}", kTrafficLabel)};
}

Reasoned<Size> size_class(Tenant const& tenant) {
    auto const& media = tenant.media_bytes.value;
    auto const& database = tenant.database_bytes.value;
    if (!media && !database) return {Size::Unknown, "neither files nor database were measured"};
    auto const bytes = static_cast<std::uint64_t>(media.value_or(0) + database.value_or(0));
    auto const text = [](std::optional<double> value) {
        return value ? fmt::format("{:.0f} bytes", *value) : std::string("not measured");
    };
    auto const size = bytes >= limits::kLargeSite    ? Size::Large
                      : bytes >= limits::kMediumSite ? Size::Medium
                                                     : Size::Small;
    return {size, fmt::format("files: {}{}; database: {}", tenant.is_at_least ? "at least " : "",
                              text(media), text(database))};
}

// Neither is told by any Google API; files and settings show it when they are there.
Reasoned<Answer> site_trait(Answer folder, std::string_view name, std::string_view label) {
    if (label == "true" || label == "yes") return {Answer::Yes, "the service's label says so"};
    if (folder == Answer::Yes) return {Answer::Yes, fmt::format("its bucket has {}", name)};
    if (folder == Answer::Unknown) {
        return {Answer::Unknown, "no bucket of it could be looked into"};
    }
    return {Answer::Unknown,
            fmt::format("its bucket has no {}; only its database can rule it out", name)};
}

bool is_own_name(std::string_view host, std::string_view tenant) {
    for (std::size_t at = 0; at < host.size();) {
        auto const end = std::min(host.find('.', at), host.size());
        if (host.substr(at, end - at) == tenant) return true;
        at = end + 1;
    }
    return false;
}

Reasoned<Answer> custom_domain(Tenant const& tenant, Resources const& resources) {
    std::string own;
    for (auto const& held : tenant.holds) {
        auto const& resource = resources.at(held.resource);
        if (resource.kind != Kind::RecordSet && resource.kind != Kind::DomainMapping) continue;
        auto host = resource.host();
        if (!is_own_name(host, tenant.name)) {
            return {Answer::Yes, fmt::format("{}: {}", host, to_string(held.evidence))};
        }
        own = std::move(host);
    }
    if (own.empty()) return {Answer::Unknown, "no name of it was found"};
    return {Answer::No, fmt::format("all its names are the platform's, such as {}", own)};
}

}  // namespace

Classes classify(Tenant const& tenant, Resources const& resources) {
    auto multisite = site_trait(tenant.uploads.has_sites_folder, "sites/",
                                label_of(tenant, resources, "multisite"));
    if (tenant.says_multisite) multisite = {Answer::Yes, "the service's environment says so"};
    return {.traffic = traffic_class(tenant, resources),
            .size = size_class(tenant),
            .multisite = std::move(multisite),
            .woocommerce = site_trait(tenant.uploads.has_woocommerce_folder, "woocommerce_uploads/",
                                      label_of(tenant, resources, "woocommerce")),
            .custom_domain = custom_domain(tenant, resources)};
}

}  // namespace aipress::inventory
