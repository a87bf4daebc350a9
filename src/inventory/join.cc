#include "inventory/join.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <utility>

namespace aipress::inventory {
namespace {

using Index = Resources::Index;

class Join {
public:
    explicit Join(Inventory& inventory) : inventory_(inventory), resources_(inventory.resources) {}

    void run(std::vector<ServiceRead> const& services) {
        make_tenants(services);
        read_addresses();
        for (auto const& service : services) add_uses(service);
        add_mappings();
        for (Index i = 0; i < resources_.size(); ++i) {
            auto const& resource = resources_.at(i);
            if (resource.kind == Kind::RecordSet) add_record_set(i);
            add_by_hint(i);
        }
        for (auto& tenant : inventory_.tenants) {
            std::sort(tenant.holds.begin(), tenant.holds.end(),
                      [](Held const& a, Held const& b) { return a.resource < b.resource; });
        }
    }

private:
    void make_tenants(std::vector<ServiceRead> const& services);
    void read_addresses();
    void add_uses(ServiceRead const& service);
    void add_mappings();
    void add_record_set(Index index);
    void add_by_hint(Index index);
    void hold(Tenant& tenant, Index index, Evidence evidence);
    [[nodiscard]] Index target_of(Use const& use) const;
    // "" when it is named for none.
    [[nodiscard]] std::string named_tenant(std::string_view name) const;
    Tenant* tenant_of_service(std::string const& key) {
        auto const found = by_service_.find(key);
        return found == by_service_.end() ? nullptr : inventory_.find_tenant(found->second);
    }

    Inventory& inventory_;
    Resources& resources_;
    std::unordered_map<std::string, std::string> by_service_;  // its key -> the tenant
    std::unordered_map<std::string, Index> instances_;         // by address; kNone: several have it
    std::unordered_map<std::string, Index> services_;          // by the host of its address
    std::unordered_map<std::string, Index> mappings_;          // by host
};

void Join::make_tenants(std::vector<ServiceRead> const& services) {
    for (auto const& service : services) {
        auto const& resource = service.resource;
        auto const name = resource.tenant_hint.empty() ? resource.name() : resource.tenant_hint;
        by_service_.emplace(resource.key, name);
        inventory_.tenants.push_back({.name = name});
    }
    auto& tenants = inventory_.tenants;
    std::sort(tenants.begin(), tenants.end(),
              [](Tenant const& a, Tenant const& b) { return a.name < b.name; });
    // Two services of one tenant: in two regions, say.
    tenants.erase(std::unique(tenants.begin(), tenants.end(),
                              [](Tenant const& a, Tenant const& b) { return a.name == b.name; }),
                  tenants.end());
    for (auto const& service : services) {
        auto const index = resources_.find(Kind::Service, service.resource.key);
        auto* const tenant = tenant_of_service(service.resource.key);
        if (index == Resources::kNone || tenant == nullptr) continue;
        hold(*tenant, index, Evidence::IsService);
        tenant->says_multisite = tenant->says_multisite || service.is_multisite;
    }
}

void Join::read_addresses() {
    constexpr std::string_view kScheme = "https://";
    for (Index i = 0; i < resources_.size(); ++i) {
        auto const& resource = resources_.at(i);
        if (resource.kind == Kind::Instance) {
            for (auto const& fact : resource.facts) {
                bool const is_address = fact.attribute == Attribute::Address ||
                                        fact.attribute == Attribute::ConnectionName;
                if (!is_address) continue;
                auto const [there, is_new] = instances_.emplace(fact.value, i);
                // Private addresses of two networks may be the same.
                if (!is_new && there->second != i) there->second = Resources::kNone;
            }
        } else if (resource.kind == Kind::Service) {
            auto const uri = resource.fact(Attribute::Uri);
            if (uri.starts_with(kScheme)) {
                services_.emplace(std::string(uri.substr(kScheme.size())), i);
            }
        } else if (resource.kind == Kind::DomainMapping) {
            mappings_.emplace(resource.name(), i);
        }
    }
}

void Join::hold(Tenant& tenant, Index index, Evidence evidence) {
    auto& resource = resources_.at(index);
    auto const is_same = [&](Held const& held) { return held.resource == index; };
    auto const known = std::find_if(tenant.holds.begin(), tenant.holds.end(), is_same);
    if (known != tenant.holds.end()) {
        known->evidence = std::min(known->evidence, evidence);
        return;
    }
    tenant.holds.push_back({.resource = index, .evidence = evidence});
    resource.is_held = true;
    if (resource.holder == kNoHolder) {
        resource.holder = static_cast<std::uint32_t>(&tenant - inventory_.tenants.data());
    } else {
        auto& first = inventory_.tenants[resource.holder];
        auto const what =
            fmt::format("{} {} is used by", to_string(resource.kind), resource.name());
        tenant.notes.push_back(fmt::format("{} {} too", what, first.name));
        // One note is enough for what a whole fleet shares.
        if (!resource.is_shared) first.notes.push_back(fmt::format("{} {} too", what, tenant.name));
        resource.is_shared = true;
    }
    auto const& hint = resource.tenant_hint;
    bool const is_labelled = resource.kind != Kind::RecordSet && !hint.empty();
    if (is_labelled && hint != tenant.name) {
        tenant.notes.push_back(fmt::format("{} {} is labelled for {}", to_string(resource.kind),
                                           resource.name(), hint));
    }
}

Index Join::target_of(Use const& use) const {
    switch (use.evidence) {
        case Evidence::SqlVolume:
        case Evidence::DatabaseAddress: {
            auto const found = instances_.find(use.target);
            return found == instances_.end() ? Resources::kNone : found->second;
        }
        case Evidence::MountedBucket:
        case Evidence::NamedBucket:
            return resources_.find(Kind::Bucket, use.target);
        default:
            return resources_.find(Kind::Secret, use.target);
    }
}

void Join::add_uses(ServiceRead const& service) {
    auto* const tenant = tenant_of_service(service.resource.key);
    if (tenant == nullptr) return;
    for (auto const& use : service.uses) {
        auto const index = target_of(use);
        if (index != Resources::kNone) {
            hold(*tenant, index, use.evidence);
            continue;
        }
        bool const is_sql =
            use.evidence == Evidence::SqlVolume || use.evidence == Evidence::DatabaseAddress;
        bool const is_bucket =
            use.evidence == Evidence::MountedBucket || use.evidence == Evidence::NamedBucket;
        auto const kind = is_sql ? Kind::Instance : is_bucket ? Kind::Bucket : Kind::Secret;
        if (is_sql && instances_.contains(use.target)) {
            tenant->notes.push_back(fmt::format(
                "its service's database address {} is that of several instances", use.target));
            continue;
        }
        // Where they could not be listed, nothing is missing.
        if (!inventory_.was_read.at(static_cast<std::size_t>(kind))) continue;
        tenant->notes.push_back(
            fmt::format("its service uses the {} {}, which is not in this project", to_string(kind),
                        use.target));
    }
}

void Join::add_mappings() {
    for (auto const& [host, index] : mappings_) {
        auto const& resource = resources_.at(index);
        auto const location = resource.key.substr(0, resource.key.find('/') + 1);
        auto* const tenant =
            tenant_of_service(location + std::string(resource.fact(Attribute::Service)));
        if (tenant != nullptr) hold(*tenant, index, Evidence::MappedHost);
    }
}

void Join::add_record_set(Index index) {
    auto const& set = resources_.at(index);
    if (auto const mapped = mappings_.find(set.host()); mapped != mappings_.end()) {
        auto const holder = resources_.at(mapped->second).holder;
        if (holder != kNoHolder) {
            hold(inventory_.tenants[holder], index, Evidence::MappedHost);
            return;
        }
    }
    auto target = std::string(set.fact(Attribute::Data));
    while (target.ends_with('.')) target.pop_back();
    auto const service = services_.find(target);
    if (service == services_.end()) return;
    if (auto* const tenant = tenant_of_service(resources_.at(service->second).key)) {
        hold(*tenant, index, Evidence::ServiceAddress);
    }
}

// "tenant-001-db" -> "tenant-001", when there is such a tenant.
std::string Join::named_tenant(std::string_view name) const {
    for (auto end = name.size(); end != name.npos && end > 0; end = name.rfind('-', end - 1)) {
        auto const part = name.substr(0, end);
        if (inventory_.find_tenant(part) != nullptr) return std::string(part);
    }
    return "";
}

void Join::add_by_hint(Index index) {
    auto const& resource = resources_.at(index);
    if (resource.is_held) return;
    if (auto* const tenant = inventory_.find_tenant(resource.tenant_hint)) {
        bool const is_name = resource.kind == Kind::RecordSet;
        hold(*tenant, index, is_name ? Evidence::Name : Evidence::Label);
        return;
    }
    // What is labelled for another tenant is not this one's, however it is named.
    bool const is_named = resource.tenant_hint.empty() && resource.kind != Kind::RecordSet &&
                          resource.kind != Kind::DomainMapping;
    if (!is_named) return;
    if (auto* const tenant = inventory_.find_tenant(named_tenant(resource.key))) {
        hold(*tenant, index, Evidence::Name);
    }
}

std::string why_orphan(Resource const& resource) {
    if (resource.kind == Kind::RecordSet) {
        return "its name is no tenant's, and it points at no service of this project";
    }
    if (resource.kind == Kind::DomainMapping) {
        return fmt::format("it sends to service {}, which does not exist",
                           resource.fact(Attribute::Service));
    }
    if (!resource.tenant_hint.empty()) {
        return fmt::format("it is labelled for {}, which has no Cloud Run service",
                           resource.tenant_hint);
    }
    return "no service uses it, and neither a label nor its name is a tenant's";
}

}  // namespace

void join(Inventory& inventory, std::vector<ServiceRead> const& services) {
    Join(inventory).run(services);
}

void find_orphans(Inventory& inventory) {
    // Without the services nothing is known to be nobody's.
    if (!inventory.was_read.at(static_cast<std::size_t>(Kind::Service))) return;
    for (Index i = 0; i < inventory.resources.size(); ++i) {
        auto const& resource = inventory.resources.at(i);
        if (resource.is_held) continue;
        inventory.orphans.push_back({.what = std::string(to_string(resource.kind)),
                                     .name = resource.name(),
                                     .reason = why_orphan(resource)});
    }
}

}  // namespace aipress::inventory
