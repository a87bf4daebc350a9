// The tenant's place in a ProxySQL: where one stands before the shard's instance, sites connect to
// it, and it holds as many connections to the server as the server can bear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "migration/action.h"
#include "migration/workspace.h"
#include "mysql/endpoint.h"

namespace aipress::migration {

struct Pooler {
    mysql::Endpoint admin = {};  // without a password unless the URL says where it is
    std::string traffic_host = {};
    std::uint16_t traffic_port = 0;
};
// nullopt: sites connect to the instance itself. Errors: InvalidArgument, by the option's name.
[[nodiscard]] Result<std::optional<Pooler>> pooler_of(Options const& options);

// Adds user, hostgroup and server, and logs in by it as the site will. What is there and carries
// the tenant's label is adopted; what is another's is refused. REQUIRES: the options have a pooler.
[[nodiscard]] Action pooler_entry(Workspace const& work);

}  // namespace aipress::migration
