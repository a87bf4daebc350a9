#include "sandbox/run/php_pools.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <system_error>

#include "sandbox/run/engines.h"
#include "sandbox/run/wordpress_files.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReady = "ready to handle connections";

fs::path file_of(ServerPaths const& paths, std::string const& pool, std::string_view kind) {
    return paths.folder / fmt::format("php-fpm.{}.{}", pool, kind);
}

}  // namespace

Result<void> PhpPools::start(ServerPaths const& paths, Pool const& pool) {
    std::error_code ignored;
    // What an earlier one said is not this one's word.
    fs::remove(file_of(paths, pool.id, "log"), ignored);
    auto text = php_configuration(paths, pool, file_of(paths, pool.id, "log"));
    auto const configuration = file_of(paths, pool.id, "conf");
    TRY(write_file(configuration, text, Access::Everybody));
    ProcessOptions options;
    // -R: a sandbox run by root has pools that are root's.
    options.arguments = {program_, "-F", "-R", "-y", configuration.string()};
    options.output_file = options.error_file = file_of(paths, pool.id, "err");
    auto process = TRY(Process::start(options));
    running_.insert_or_assign(pool.id, Running{std::move(process), std::move(text)});
    return {};
}

Result<void> PhpPools::apply(Context const& context, ServerPaths const& paths,
                             std::vector<Pool> const& pools) {
    for (auto at = running_.begin(); at != running_.end();) {
        auto const& id = at->first;
        bool const is_wanted = std::any_of(pools.begin(), pools.end(),
                                           [&](Pool const& pool) { return pool.id == id; });
        if (is_wanted) {
            ++at;
            continue;
        }
        stop_gently(at->second.process, SIGQUIT);
        std::error_code ignored;
        for (auto const* const kind : {"conf", "log", "err"}) {
            fs::remove(file_of(paths, id, kind), ignored);
        }
        at = running_.erase(at);
    }
    std::vector<std::string> begun;
    for (auto const& pool : pools) {
        auto const at = running_.find(pool.id);
        auto const text = php_configuration(paths, pool, file_of(paths, pool.id, "log"));
        bool const is_running =
            at != running_.end() && !at->second.process.poll() && at->second.text == text;
        if (is_running) continue;
        if (at != running_.end()) stop_gently(at->second.process, SIGQUIT);
        TRY(start(paths, pool));
        begun.push_back(pool.id);
    }
    for (auto const& id : begun) {
        TRY(wait_until(context, running_.at(id).process, file_of(paths, id, "err"), [&] {
                return read_text(file_of(paths, id, "log")).find(kReady) != std::string::npos;
            }).in_context("php-fpm"));
    }
    return {};
}

bool PhpPools::has_died() {
    return std::any_of(running_.begin(), running_.end(),
                       [](auto& one) { return one.second.process.poll().has_value(); });
}

void PhpPools::stop() {
    for (auto& [id, one] : running_) one.process.send_signal(SIGTERM);
    for (auto& [id, one] : running_) stop_gently(one.process, SIGTERM);
    running_.clear();
}

std::vector<pid_t> PhpPools::pids() {
    std::vector<pid_t> all;
    for (auto& [id, one] : running_) {
        if (!one.process.poll()) all.push_back(one.process.pid());
    }
    return all;
}

}  // namespace aipress::sandbox::run
