// Knot DNS as a child of this process: it answers for the zones that it is given, over UDP and TCP
// on the loopback.
//
// All it has is in one folder: its configuration, a file for each zone, its control socket, its
// log. None of it is needed after a restart: the zones are in the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "sandbox/dns/zones.h"

namespace aipress::sandbox::dns {

// Not thread safe.
class NameServer {
public:
    // Makes the folder. Takes the port that it had there before, if it is free, else any that is.
    // Errors: NotFound when Knot DNS is not installed, Unavailable for the disk or for want of a
    // port.
    [[nodiscard]] static Result<NameServer> open(Context const& context,
                                                 std::filesystem::path const& folder);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_running();
    // With the zones that it was given; when it returns they are loaded. Its port is another one
    // when somebody has taken it. Errors: Unavailable; knotd.log says more.
    Result<void> start(Context const& context);

    // They count from the next start() or apply() on. Errors: Unavailable for the disk.
    Result<void> put(ServedZone const& zone);
    void drop(std::string const& dns_name) { zones_.erase(dns_name); }
    // When it returns, what was put and dropped is answered, but for zones that the server refuses:
    // those an Error names. REQUIRES: is_running().
    Result<void> apply(Context const& context, std::vector<std::string> const& dns_names);

private:
    NameServer(std::filesystem::path folder, std::filesystem::path programs)
        : folder_(std::move(folder)), programs_(std::move(programs)) {}

    Result<void> take_port(std::uint16_t wanted);
    // False when it is what is there already.
    Result<bool> write_configuration();
    Result<void> launch();
    Result<void> wait_until_ready(Context const& context);
    Result<void> control(Context const& context, std::vector<std::string> command) const;

    std::filesystem::path folder_;
    std::filesystem::path programs_;  // where knotd and knotc are
    std::uint16_t port_ = 0;
    std::map<std::string, std::string> zones_;  // DNS name to id, which its file is called after
    std::string configuration_;
    std::optional<Process> process_;
};

}  // namespace aipress::sandbox::dns
