// The tools that the mover is compared with, run as their users run them. Both sides keep their
// binary log on, as the mover's target does (its log is the way back).
#pragma once

#include <filesystem>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "testing/database_server.h"

namespace aipress::bench {

// `mariadb-dump --single-transaction | mariadb`; wall time in seconds. The target database is made
// before the clock starts.
[[nodiscard]] Result<double> move_with_dump(Context const& context,
                                            testing::DatabaseServer const& source,
                                            testing::DatabaseServer const& target,
                                            std::string const& database);

// mydumper, then myloader, with `threads` each and tables split into chunks; wall time of both in
// seconds. `scratch` holds the dump meanwhile.
[[nodiscard]] Result<double> move_with_mydumper(Context const& context,
                                                testing::DatabaseServer const& source,
                                                testing::DatabaseServer const& target,
                                                std::string const& database, unsigned threads,
                                                std::filesystem::path const& scratch);

// Errors: NotFound with the command that installs what is missing.
[[nodiscard]] Result<void> check_peers_installed(Context const& context);

}  // namespace aipress::bench
