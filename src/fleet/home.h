// Where a tenant's site lives, by the names of what it consists of. A tenant in flight has two
// homes: the one that it leaves and the one that it goes to.
#pragma once

#include <string>
#include <vector>

namespace aipress::fleet {

struct Home {
    std::string project = {};          // "aipress-project"
    std::string region = {};           // "us-central1"
    std::string service = {};          // Cloud Run's: "tenant-001"
    std::string service_account = {};  // that the service runs as; "": the project's default one
    std::string instance = {};         // Cloud SQL's, in this project: "tenant-001-db"
    std::string database = {};         // "wordpress"
    std::string user = {};             // of the database, the site's own
    std::string password_secret =
        {};                   // Secret Manager's, in this project: "tenant-001-db-password"
    std::string bucket = {};  // of the uploads
    std::string prefix = {};  // in that bucket: "" or "tenants/tenant-001/"

    bool operator==(Home const&) const = default;
};

// A tenant's way from one home to another. Its host's name stays.
struct Relocation {
    std::string tenant = {};  // "tenant-001"
    std::string host = {};    // "tenant-001.aipress.io"
    // Other names of the site, in the tenant's own zones: they point to Google already.
    std::vector<std::string> aliases = {};
    std::string dns_project = {};  // whose zone answers for the host
    std::string dns_zone = {};     // Cloud DNS's name of it: "aipress-io"
    Home from = {};
    Home to = {};

    bool operator==(Relocation const&) const = default;
};

}  // namespace aipress::fleet
