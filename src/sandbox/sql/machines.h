// The servers of all instances: which run, where they are, what they may use.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "http/certificates.h"
#include "sandbox/sql/server.h"
#include "sandbox/sql/tiers.h"

namespace aipress::sandbox {

// Thread safe; calls for one instance come one at a time.
class Machines {
public:
    // `folder`: all instances'. The authority outlives it.
    Machines(std::filesystem::path folder, http::CertificateAuthority const& authority)
        : folder_(std::move(folder)), authority_(authority) {}

    // Where an instance with that id has its files; made by start().
    [[nodiscard]] std::filesystem::path folder(std::string const& id) const { return folder_ / id; }
    [[nodiscard]] std::filesystem::path backups() const { return folder_ / "backups"; }
    // False for one that has never been started.
    [[nodiscard]] bool has_data(std::string const& id) const;
    // Its server runs when this returns, with the settings of its resource; it is made from
    // `data` first when it has none ("" for an empty one). One that runs is started anew. Errors:
    // those of SqlServer::start and of the tier and the flags.
    [[nodiscard]] Outcome<Done> start(boost::json::object const& instance,
                                      std::filesystem::path const& data = {});
    // Only started anew when its settings have changed, or when it does not run.
    [[nodiscard]] Outcome<Done> refresh(boost::json::object const& instance);
    void stop(std::string const& id);
    // Stops it and forgets its files.
    void remove(std::string const& id);
    // All of them, at the same time.
    void stop_all();
    // 0: it does not run.
    [[nodiscard]] pid_t pid(std::string const& id);

    // For one server's work, which may take hours: until cancel().
    [[nodiscard]] Context context();
    // What is under way ends with Cancelled; it is carried on when the sandbox is there again.
    void cancel() { stopping_.request_stop(); }

private:
    Result<void> make_data(std::string const& id, std::filesystem::path const& data);
    Outcome<SqlServerOptions> options_of(boost::json::object const& instance) const;

    std::filesystem::path const folder_;
    http::CertificateAuthority const& authority_;
    SystemClock clock_;  // of processes, whatever the sandbox's own clock is
    std::stop_source stopping_;
    std::mutex prepare_mutex_;
    std::mutex mutex_;
    struct Running {
        std::unique_ptr<SqlServer> server;
        std::vector<std::string> settings;
    };
    std::map<std::string, Running> servers_;  // by id
};

}  // namespace aipress::sandbox
