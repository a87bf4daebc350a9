// The configuration of the nginx and the php-fpms that serve all sites, as text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "sandbox/run/site_plan.h"

namespace aipress::sandbox::run {

struct ServerPaths {
    std::filesystem::path folder = {};
    std::uint16_t web_port = 0;      // nginx's
    std::uint16_t storage_port = 0;  // the sandbox's own: Cloud Storage
    milliseconds idle_time{60'000};  // a process that nobody asks ends after so long

    [[nodiscard]] std::filesystem::path socket(std::string_view pool) const {
        return folder / "s" / pool;
    }
};

// Of the php-fpm of one pool. `log`: where it says that it is ready.
[[nodiscard]] std::string php_configuration(ServerPaths const& paths, Pool const& pool,
                                            std::filesystem::path const& log);

// What nginx answers at kConfigurationPath of a host that is no site: `mark`, which says what
// configuration it runs.
inline constexpr std::string_view kConfigurationPath = "/.sandbox-configuration";
[[nodiscard]] std::string nginx_configuration(ServerPaths const& paths, SitePlan const& plan,
                                              std::string const& mark);

}  // namespace aipress::sandbox::run
