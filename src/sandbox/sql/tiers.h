// What a Cloud SQL machine may use, and which of MySQL's settings an instance may change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/service.h"

namespace aipress::sandbox {

struct Tier {
    std::uint64_t memory_mb = 0;
    unsigned connections = 0;  // Google's default max_connections
    unsigned cpus = 1;
};
// "db-f1-micro", "db-n1-standard-4", "db-custom-2-7680", "db-perf-optimized-N-2". Errors:
// InvalidArgument (invalidTier... in Google's words).
// https://cloud.google.com/sql/docs/mysql/instance-settings
[[nodiscard]] Outcome<Tier> find_tier(std::string const& name);

// Lines of [mysqld] for settings.databaseFlags. Errors: InvalidArgument for a flag that is unknown
// or has a value that it cannot have.
[[nodiscard]] Outcome<std::vector<std::string>> flag_lines(boost::json::object const& settings);

// sql.flags.list and sql.tiers.list
void serve_sql_lists(Methods& methods);

}  // namespace aipress::sandbox
