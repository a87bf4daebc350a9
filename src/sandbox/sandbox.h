// The whole of a sandbox: its state on disk, its services, its server. See README.md.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "sandbox/data_folder.h"
#include "sandbox/operations.h"
#include "sandbox/run/serving.h"

namespace aipress::sandbox {

struct SandboxOptions {
    std::filesystem::path data = {};  // made when it is not there
    std::uint16_t port = 0;           // 0: any that is free
    OperationTiming operations = OperationTiming::Instant;
    bool with_name_server = false;  // whether Cloud DNS answers queries, where Knot DNS is there
    milliseconds run_idle_time{60'000};  // a Cloud Run instance that nobody asks ends after so long
};

// Thread safe. Whatever it acknowledged is on disk: it may be killed at any moment and started
// again on the same folder.
class Sandbox {
public:
    // Listens when this returns. The clock outlives it. Errors: FailedPrecondition when another one
    // has the folder or the port, or its files are damaged; Unavailable for the disk.
    [[nodiscard]] static Result<Sandbox> start(SandboxOptions const& options, Clock& clock);
    Sandbox(Sandbox&&) noexcept;
    Sandbox& operator=(Sandbox&&) noexcept;
    ~Sandbox();  // stop()

    [[nodiscard]] std::uint16_t port() const;
    // Where public DNS zones are answered, UDP and TCP on the loopback; 0: nowhere.
    [[nodiscard]] std::uint16_t dns_port() const;
    // Where Cloud Run's services are served, each by its host's name; 0: nothing can be served
    // here.
    [[nodiscard]] std::uint16_t web_port() const;
    // All of it, as other processes are told (find_running()).
    [[nodiscard]] RunningSandbox announcement() const;
    // What they were asked: see Serving.
    [[nodiscard]] run::ServedRequests take_requests(std::uint64_t since) const;
    // Lets requests in flight end (for limits::kStopTime).
    void stop();

private:
    struct Impl;
    explicit Sandbox(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// The journal of the requests to the sandbox in this folder.
[[nodiscard]] std::filesystem::path journal_file(std::filesystem::path const& data);

}  // namespace aipress::sandbox
