// The whole of a sandbox: its state on disk, its services, its server. See README.md.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "sandbox/data_folder.h"
#include "sandbox/operations.h"
#include "sandbox/quotas.h"
#include "sandbox/run/serving.h"
#include "sandbox/spanner_emulator.h"

namespace aipress::sandbox {

struct SandboxOptions {
    std::filesystem::path data = {};  // made when it is not there
    std::uint16_t port = 0;           // 0: any that is free
    OperationTiming operations = OperationTiming::Instant;
    bool with_name_server = false;  // whether Cloud DNS answers queries, where Knot DNS is there
    bool with_spanner = false;      // whether Google's Cloud Spanner emulator runs beside it
    milliseconds run_idle_time{60'000};  // a Cloud Run instance that nobody asks ends after so long
    std::filesystem::path faults = {};   // see fault_rules.h; empty: none
    std::uint64_t seed = 0;              // of the faults
    QuotaMode quotas = QuotaMode::Off;
};

// Thread safe. Whatever it acknowledged is on disk: it may be killed at any moment and started
// again on the same folder.
class Sandbox {
public:
    // Listens when this returns. The clock outlives it. Where the Cloud Spanner emulator is not
    // installed or does not start, that is logged. Errors: FailedPrecondition when another one
    // has the folder or the port, or its files are damaged; Unavailable for the disk;
    // InvalidArgument and NotFound for the file of faults.
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
    // What they were asked: see request_log.h.
    [[nodiscard]] run::ServedRequests take_requests(run::RequestPosition const& since) const;
    // Does `work` while nothing of the sandbox runs, as if it were down, but for the lock of its
    // folder and its port: clients that connect meanwhile wait. Requests in flight may end (for
    // limits::kStopTime); Cloud SQL's operations are interrupted and carried on; connections to
    // databases and sites break. It runs again when this returns, unless `stop` was requested or
    // it cannot: is_running() tells. Not thread safe. Errors: those of `work`, of start(),
    // Cancelled. REQUIRES: is_running().
    Result<void> pause_for(std::function<Result<void>()> const& work, std::stop_token const& stop);
    // False when it has not come back from a pause; nothing else can be asked then.
    [[nodiscard]] bool is_running() const { return impl_ != nullptr; }
    // What Cloud Monitoring and Cloud Logging are told by the minute, they are told now: all
    // requests of Cloud Run that have been logged, and a sample of everything that is sampled.
    void measure();
    // Lets requests in flight end (for limits::kStopTime).
    void stop();

private:
    struct Impl;
    Sandbox(SandboxOptions options, Clock& clock, std::unique_ptr<SpannerEmulator> spanner,
            std::unique_ptr<Impl> impl);
    SandboxOptions options_;
    Clock* clock_;
    // Not a part of what a pause takes apart: its data are in its memory.
    std::unique_ptr<SpannerEmulator> spanner_;
    std::unique_ptr<Impl> impl_;
};

// The journal of the requests to the sandbox in this folder.
[[nodiscard]] std::filesystem::path journal_file(std::filesystem::path const& data);

}  // namespace aipress::sandbox
