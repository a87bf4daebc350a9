// Google's own Cloud Spanner emulator as a child of this process. Nothing of Spanner is imitated
// here.
//
// What is known of the program (github.com/GoogleCloudPlatform/cloud-spanner-emulator): its release
// is two binaries in one folder, of which gateway_main starts the other, emulator_main;
// --hostname, --grpc_port and --http_port say where it listens; "Cloud Spanner emulator running."
// on stderr says that gRPC is served. Its data are in memory alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace aipress::sandbox {

// gateway_main, from the folder that AIPRESS_SPANNER_EMULATOR names, else from PATH or below the
// root of the Google Cloud SDK. Errors: NotFound, saying how to install it.
[[nodiscard]] Result<std::filesystem::path> find_spanner_emulator();

// Runs until it is destroyed, and again, empty, on the same ports when it dies. Thread safe.
class SpannerEmulator {
public:
    // Answers when this returns. Its output goes to `log`. Errors: those of
    // find_spanner_emulator(); Unavailable with the end of its output.
    [[nodiscard]] static Result<std::unique_ptr<SpannerEmulator>> start(
        Context const& context, std::filesystem::path const& log);
    SpannerEmulator(SpannerEmulator const&) = delete;
    SpannerEmulator& operator=(SpannerEmulator const&) = delete;
    ~SpannerEmulator() = default;  // orderly, and waits

    // On the loopback.
    [[nodiscard]] std::uint16_t grpc_port() const { return grpc_port_; }
    [[nodiscard]] std::uint16_t rest_port() const { return rest_port_; }
    // The process now.
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    SpannerEmulator(std::filesystem::path program, std::filesystem::path log)
        : program_(std::move(program)), log_(std::move(log)) {}

    Result<Process> launch() const;
    Result<Process> begin(Context const& context);
    void keep(Process process, std::stop_token const& stop);

    std::filesystem::path const program_;
    std::filesystem::path const log_;
    std::uint16_t grpc_port_ = 0;
    std::uint16_t rest_port_ = 0;
    SystemClock clock_;
    std::atomic<pid_t> pid_ = 0;
    std::jthread keeper_;  // last: it uses the rest
};

}  // namespace aipress::sandbox
