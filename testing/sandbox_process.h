// `aipress sandbox up` as an operator runs it, in a folder of its own and on a free port.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "sandbox/client_settings.h"
#include "sandbox/data_folder.h"
#include "testing/aipress_process.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {

// Not thread safe. What cannot be had throws, which GoogleTest reports.
class SandboxProcess {
public:
    explicit SandboxProcess(Arguments more = {});
    SandboxProcess(SandboxProcess const&) = delete;
    SandboxProcess& operator=(SandboxProcess const&) = delete;
    ~SandboxProcess();

    // Starts it again on the same folder. REQUIRES: it does not run.
    void start(Environment const& environment = {});
    // Ends it and starts it on the same folder and another port, with these words in place of those
    // before.
    void restart(Arguments more);
    void kill() { process_->kill(); }  // SIGKILL, and wait
    // Whether it has ended by itself, or was ended by somebody else.
    [[nodiscard]] bool has_ended() { return !process_->running(); }
    // What it has written on stderr since it was started.
    [[nodiscard]] std::string error() const { return process_->error(); }
    // SIGTERM, and wait; its exit code.
    int stop();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;
    // What it says of itself to other processes: its other ports.
    [[nodiscard]] sandbox::RunningSandbox announcement() const;
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    // For a process that shall meet this sandbox and nothing else of Google.
    [[nodiscard]] Environment environment(sandbox::Client client, sandbox::ClientMode mode) const;

private:
    TemporaryDirectory folder_;
    Arguments more_;
    std::unique_ptr<AipressProcess> process_;
    std::uint16_t port_ = 0;
};

}  // namespace aipress::testing
