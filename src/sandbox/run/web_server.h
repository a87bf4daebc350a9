// One nginx for all sites and a php-fpm for each pool, in a folder of their own; children of this
// process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/context.h"
#include "base/subprocess.h"
#include "sandbox/run/php_pools.h"
#include "sandbox/run/server_configuration.h"

namespace aipress::sandbox::run {

struct WebPrograms {
    std::string nginx = {};
    std::string php = {};
};
// Errors: NotFound, with what is not installed: nginx, php-fpm or Debian's WordPress.
[[nodiscard]] Result<WebPrograms> find_web_programs();

// Not thread safe.
class WebServer {
public:
    WebServer(WebPrograms programs, ServerPaths paths);
    ~WebServer() { stop(); }
    WebServer(WebServer const&) = delete;
    WebServer& operator=(WebServer const&) = delete;

    // Serves the plan when this returns; requests in flight go on. Neither program runs before
    // there is a site. Takes another port when its own is another's. Errors: Unavailable, with the
    // end of a program's log; what was served before may be no more, the next call tries again.
    [[nodiscard]] Result<void> apply(Context const& context, SitePlan const& plan);
    // Whether a program that should run has died.
    [[nodiscard]] bool has_died();
    void stop();
    // nginx writes on to new files where the old ones have been renamed.
    void reopen_logs();
    [[nodiscard]] std::uint16_t port() const { return paths_.web_port; }
    // Those of php-fpm, whose children serve.
    [[nodiscard]] std::vector<pid_t> php_pids() { return php_.pids(); }
    // Those that are served.
    [[nodiscard]] std::vector<Pool> const& pools() const { return last_pools_; }

private:
    Result<void> apply_nginx(Context const& context, SitePlan const& plan);
    Result<void> start_nginx(Context const& context);
    // Of the configuration that was written last; nobody else's nginx answers with it.
    [[nodiscard]] std::string mark() const;

    WebPrograms const programs_;
    ServerPaths paths_;
    unsigned const token_;
    std::uint64_t number_ = 0;
    std::vector<Pool> last_pools_;
    std::string nginx_text_;  // what it runs
    PhpPools php_;
    std::optional<Process> nginx_;
};

}  // namespace aipress::sandbox::run
