// What Google says of a site's resources, kept as it answers: configuration.json.
#pragma once

#include <boost/json/object.hpp>

#include "backup/site.h"
#include "gcp/connection.h"

namespace aipress::backup {

// {"service", "service_policy", "domain_mappings", "record_sets", "instance", "databases", "users",
// "bucket", "bucket_policy"}. Of the users no password: Google tells none. Errors: those of the
// calls; a configuration with a hole is none.
[[nodiscard]] gcp::Outcome<boost::json::object> read_configuration(
    Context const& context, gcp::Connection const& connection, Site const& site);

// The service for people to look at: what stands in its environment in plain text may be secret,
// and is replaced by its length.
[[nodiscard]] boost::json::object without_values(boost::json::object service);

}  // namespace aipress::backup
