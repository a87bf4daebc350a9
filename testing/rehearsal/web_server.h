// One nginx and one php-fpm for all sites of the rehearsal: own configuration, own folder, free
// ports of the loopback.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace aipress::rehearsal {

struct VirtualHost {
    std::string name;                     // names the php-fpm pool
    std::filesystem::path document_root;  // may be made later
};

// Not thread safe.
class WebServer {
public:
    // Waits until both answer. `prepend`: a PHP file run before every script. Errors: NotFound when
    // nginx or php-fpm is not installed; Unavailable with the end of their log.
    [[nodiscard]] static Result<WebServer> start(Context const& context,
                                                 std::filesystem::path const& folder,
                                                 std::vector<VirtualHost> const& hosts,
                                                 std::filesystem::path const& prepend);

    // "http://127.0.0.1:PORT", in the order of `hosts`.
    [[nodiscard]] std::string url(std::size_t host) const;
    void stop(Clock& clock);

private:
    WebServer(Process php, Process nginx, std::vector<std::uint16_t> ports)
        : php_(std::move(php)), nginx_(std::move(nginx)), ports_(std::move(ports)) {}

    Process php_;
    Process nginx_;
    std::vector<std::uint16_t> ports_;
};

}  // namespace aipress::rehearsal
