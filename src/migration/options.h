// What an operator can say about a migration. Kept in its journal, so that whoever carries on does
// so by the same.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace aipress::migration {

struct Options {
    std::string backup_project = {};  // of the backups' bucket and the tenants' keys
    std::string backup_bucket = "aipress-migration-backups";
    std::string state_bucket = {};  // Terraform's states; "": there are none
    std::int64_t ttl_seconds = 30;  // of the host's record while it moves
    milliseconds fence_budget{15'000};
    unsigned workers = 4;        // that copy the database
    unsigned file_workers = 64;  // rewrites in flight
    milliseconds observe_for{300'000};
    milliseconds observe_every{1'000};
    // Of ProxySQL's admin interface, without a password: "mysql://admin@10.0.0.9:6032". "": sites
    // connect to the instance itself.
    std::string pooler = {};
    std::string pooler_address = {};        // where sites connect to it; "": its host, port 6033
    bool strict = false;                    // verdicts by the plain rule
    std::string administrator = {};         // WordPress's; "": the login is not tried
    std::string administrator_secret = {};  // its password's, in the old project
};

[[nodiscard]] boost::json::object to_json(Options const& options);
// Errors: InvalidArgument, with the field.
[[nodiscard]] Result<Options> options_of(boost::json::object const& object);

}  // namespace aipress::migration
