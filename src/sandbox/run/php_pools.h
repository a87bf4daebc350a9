// php-fpm, one for each pool: a revision that comes or goes disturbs no other. (One for all drops
// requests whenever it is told of another pool.)
#pragma once

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "sandbox/run/server_configuration.h"
#include "sandbox/run/site_plan.h"

namespace aipress::sandbox::run {

// Not thread safe.
class PhpPools {
public:
    // `program`: php-fpm's path.
    explicit PhpPools(std::string program) : program_(std::move(program)) {}

    // All of these take requests when it returns; others end once they have answered theirs.
    // Errors: Unavailable, with the end of the program's log.
    [[nodiscard]] Result<void> apply(Context const& context, ServerPaths const& paths,
                                     std::vector<Pool> const& pools);
    // Whether one that should run does not.
    [[nodiscard]] bool has_died();
    void stop();
    // Of those that run; their children serve.
    [[nodiscard]] std::vector<pid_t> pids();

private:
    struct Running {
        Process process;
        std::string text;  // its configuration
    };
    Result<void> start(ServerPaths const& paths, Pool const& pool);

    std::string const program_;
    std::map<std::string, Running> running_;  // by the pool's id
};

}  // namespace aipress::sandbox::run
