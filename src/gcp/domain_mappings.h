// Cloud Run's domain mappings, which its v2 API does not have: v1, in Knative's form.
#pragma once

#include <functional>
#include <string>

#include "gcp/connection.h"

namespace aipress::gcp {

struct DomainMapping {
    std::string host = {};     // "www.example.com"
    std::string service = {};  // in the same location
};

// Of one location. Errors: of the visitor; Unavailable when Google left out places that it could
// not reach.
[[nodiscard]] Outcome<Done> list_domain_mappings(
    Connection const& connection, Context const& context, std::string const& project,
    std::string const& location, std::function<Outcome<Done>(DomainMapping const&)> const& visit);

}  // namespace aipress::gcp
