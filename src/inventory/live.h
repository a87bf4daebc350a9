// Google's answers about what is live, read into resources.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "gcp/dns.h"
#include "gcp/domain_mappings.h"
#include "inventory/resource.h"

namespace aipress::inventory {

[[nodiscard]] Resource read_instance(boost::json::object const& instance);
[[nodiscard]] Resource read_bucket(boost::json::object const& bucket);
[[nodiscard]] Resource read_secret(boost::json::object const& secret);
[[nodiscard]] Resource read_mapping(gcp::DomainMapping const& mapping, std::string const& location);
// `domain`: the zone's, "aipress.io.".
[[nodiscard]] Resource read_record_set(gcp::RecordSet const& set, std::string const& zone,
                                       std::string const& domain);

// How it is known that a resource is a tenant's, the surest first.
enum class Evidence : std::uint8_t {
    IsService,        // it is the tenant's service
    SqlVolume,        // the service mounts its socket
    DatabaseAddress,  // the service's environment has its address or connection name
    MountedBucket,
    NamedBucket,  // by the service's environment
    ReadSecret,
    MappedHost,      // a domain mapping sends it to the service
    ServiceAddress,  // it points at the service's own address
    Label,
    Name,
};
[[nodiscard]] std::string_view to_string(Evidence evidence);

// What a service's own configuration says that it uses. `target`: of an instance its address or
// connection name, else the resource's name.
struct Use {
    Evidence evidence = Evidence::Label;
    std::string target = {};
};

struct ServiceRead {
    Resource resource = {};
    std::vector<Use> uses = {};
    bool is_multisite = false;  // as its environment says; false: it does not say so
};
// No value of its environment is kept but what names a resource.
[[nodiscard]] ServiceRead read_service(boost::json::object const& service);

}  // namespace aipress::inventory
