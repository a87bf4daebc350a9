// One resource, as Google Cloud shows it or as a Terraform state file declares it: the same form
// for both, so that they can be compared.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::inventory {

enum class Kind : std::uint8_t { Service, Instance, Bucket, Secret, DomainMapping, RecordSet };
inline constexpr std::size_t kKinds = 6;
// "Cloud Run service"
[[nodiscard]] std::string_view to_string(Kind kind);

enum class Attribute : std::uint8_t {
    Region,
    DatabaseVersion,
    Tier,
    ActivationPolicy,
    Availability,
    Address,
    ConnectionName,
    State,
    StorageClass,
    UniformAccess,
    Ingress,
    Image,
    Uri,
    MaxInstances,
    Ttl,
    Data,
    Service,
    Label,  // "key=value"; a resource has as many of them as it has labels
};
// "activation_policy"
[[nodiscard]] std::string_view to_string(Attribute attribute);

struct Fact {
    Attribute attribute = Attribute::State;
    std::string value = {};
};

inline constexpr std::uint32_t kNoHolder = UINT32_MAX;

struct Resource {
    Kind kind = Kind::Service;
    // What it is found by. Services and domain mappings: "LOCATION/NAME"; record sets:
    // "ZONE/NAME/TYPE".
    std::string key = {};
    // The tenant that its label names; of a record set its last name below the zone's.
    std::string tenant_hint = {};
    std::vector<Fact> facts = {};
    bool is_shared = false;            // by tenants
    bool is_held = false;              // by a tenant, or by the project itself
    std::uint32_t holder = kNoHolder;  // the first tenant that holds it, by its place
    bool is_declared = false;          // in a state file that was read

    // "" when it has none.
    [[nodiscard]] std::string_view fact(Attribute attribute) const;
    [[nodiscard]] std::string_view label(std::string_view name) const;
    // The key without location or zone: "tenant-001", "tenant-001.aipress.io. CNAME".
    [[nodiscard]] std::string name() const;
    // Of a record set or a domain mapping: "tenant-001.aipress.io", without a last dot.
    [[nodiscard]] std::string host() const;
};

// Left out when the value is "": nothing is known then.
void add_fact(Resource& resource, Attribute attribute, std::string value);

// All that is live, in the order of kind and key.
class Resources {
public:
    using Index = std::uint32_t;
    static constexpr Index kNone = UINT32_MAX;

    void add(Resource resource) {
        // Most of a fleet's memory is in these.
        resource.facts.shrink_to_fit();
        all_.push_back(std::move(resource));
    }
    // To be called when all are added, before find().
    void sort();
    [[nodiscard]] Index find(Kind kind, std::string_view key) const;
    [[nodiscard]] Resource const& at(Index index) const { return all_[index]; }
    [[nodiscard]] Resource& at(Index index) { return all_[index]; }
    [[nodiscard]] Index size() const { return static_cast<Index>(all_.size()); }

private:
    std::vector<Resource> all_;
};

}  // namespace aipress::inventory
