// What is backed up: a tenant's site in the home that it has.
#pragma once

#include <string>

#include "fleet/home.h"
#include "mysql/endpoint.h"

namespace aipress::backup {

struct Site {
    std::string tenant = {};
    std::string host = {};
    std::string dns_project = {};  // whose zone answers for the host; "": no record sets are kept
    std::string dns_zone = {};
    fleet::Home home = {};
    mysql::Endpoint database = {};  // of the home's; its user may read all of it
};

// The home that the tenant leaves.
[[nodiscard]] inline Site site_of(fleet::Relocation const& relocation, mysql::Endpoint database) {
    return {.tenant = relocation.tenant,
            .host = relocation.host,
            .dns_project = relocation.dns_project,
            .dns_zone = relocation.dns_zone,
            .home = relocation.from,
            .database = std::move(database)};
}

}  // namespace aipress::backup
