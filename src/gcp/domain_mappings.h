// Cloud Run's domain mappings, which its v2 API does not have: v1, in Knative's form.
//
// A domain is answered by one mapping of all that there are for it, in whatever project: the newest
// one that was made with `forceOverride`. Those before it stay and are not ready any more.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gcp/connection.h"

namespace aipress::gcp {

struct DomainMappingName {
    std::string project = {};
    std::string location = {};  // "us-central1"
    std::string host = {};      // "www.example.com"
};

struct DomainMapping {
    // What the domain's zone has to answer, as Google says it.
    struct Record {
        std::string type = {};  // "CNAME"
        std::string data = {};  // "ghs.googlehosted.com."
    };

    std::string host = {};     // "www.example.com"
    std::string service = {};  // in the same location
    bool is_ready = false;
    bool is_settled = false;     // ready, or why not is known
    bool is_overridden = false;  // another mapping of the domain is in force
    std::string problem = {};    // of one that is not ready, in Google's words
    std::vector<Record> records = {};
};

// Of one location. Errors: of the visitor; Unavailable when Google left out places that it could
// not reach.
[[nodiscard]] Outcome<Done> list_domain_mappings(
    Connection const& connection, Context const& context, std::string const& project,
    std::string const& location, std::function<Outcome<Done>(DomainMapping const&)> const& visit);

// nullopt: there is none.
[[nodiscard]] Outcome<std::optional<DomainMapping>> find_domain_mapping(
    Connection const& connection, Context const& context, DomainMappingName const& name);

// With `forceOverride`: from then on it answers for the domain, whichever mapping did before. Does
// not wait until it is ready. Safe by a look for the name and the service. Errors: AlreadyExists.
[[nodiscard]] Outcome<DomainMapping> force_domain_mapping(Connection const& connection,
                                                          Context const& context,
                                                          DomainMappingName const& name,
                                                          std::string const& service);

// Errors: NotFound when it is gone; FailedPrecondition when Google says that it will not become
// ready; DeadlineExceeded with what it waits for: a new certificate takes up to a quarter of an
// hour.
[[nodiscard]] Outcome<DomainMapping> wait_until_mapped(Connection const& connection,
                                                       Context const& context,
                                                       DomainMappingName const& name);

// Returns when it is gone. Safe: what is gone is gone.
[[nodiscard]] Outcome<Done> delete_domain_mapping(Connection const& connection,
                                                  Context const& context,
                                                  DomainMappingName const& name);

}  // namespace aipress::gcp
