// What all steps of one migration work with.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dns/name_servers.h"
#include "gcp/credentials.h"
#include "migration/cloud.h"
#include "migration/journal.h"
#include "migration/names.h"
#include "migration/options.h"

namespace aipress::migration {

// Where things are that are not Google's to tell: a sandbox's sites and names.
struct Surroundings {
    std::string sites_address = {};  // HOST:PORT; "": by the host's name
    std::optional<dns::ServerAddress> dns_server = std::nullopt;  // nullopt: the zone's own
    gcp::Secret pooler_password = {};  // of ProxySQL's administrator; "": the URL says where it is
};

// What it refers to outlives it. Thread safe.
struct Workspace {
    Cloud const& cloud;
    Journal& journal;
    Clock& clock;
    Probe& probe;
    Surroundings const& surroundings;
    std::function<void(std::string_view)> const& say;  // progress, a line each

    std::string id = {};
    fleet::Relocation relocation = {};
    Options options = {};
    Names names = {};
};

}  // namespace aipress::migration
