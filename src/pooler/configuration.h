// proxysql.cnf: what a ProxySQL begins with that has no database of its own yet, in libconfig's
// grammar (https://proxysql.com/documentation/configuration-file/). Later starts read its database,
// and its file only with --initial or --reload.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pooler/proxysql.h"

namespace aipress::pooler {

struct Configuration {
    std::filesystem::path folder = "/var/lib/proxysql";  // of its database
    std::string admin_address = "127.0.0.1:6032";
    std::string admin_user = {};
    std::string admin_password = {};
    std::string traffic_address = "0.0.0.0:6033";
    unsigned threads = 4;
    unsigned connections = 10'000;  // of all sites to ProxySQL
    // How long a paused tenant's requests wait: longer than a fence lasts.
    unsigned hold_ms = 20'000;
    std::vector<TenantEntry> tenants = {};
};

// The file's text, passwords included. Errors: InvalidArgument for what the file cannot carry: a
// control character, ':' or ';' in an admin's name or password, or an incomplete tenant.
[[nodiscard]] Result<std::string> render_configuration(Configuration const& configuration);
// The same as a file that its owner alone reads; an earlier one is replaced in one instant. Errors:
// also Unavailable.
Result<void> write_configuration(std::filesystem::path const& file,
                                 Configuration const& configuration);

}  // namespace aipress::pooler
