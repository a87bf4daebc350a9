// A sandbox's data folder, and the one process that works on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/context.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::sandbox {

// What a running sandbox says of itself.
struct RunningSandbox {
    pid_t pid = 0;
    std::uint16_t port = 0;      // 0: it is not listening yet
    std::uint16_t dns_port = 0;  // 0: no DNS query is answered
    std::uint16_t web_port = 0;  // 0: no site is served
    // Of Google's Cloud Spanner emulator; 0: it does not run.
    std::uint16_t spanner_port = 0;       // gRPC
    std::uint16_t spanner_rest_port = 0;  // REST
    std::uint64_t seed = 0;               // of its faults
    std::string started = {};
    std::string version = {};  // of its program
};

// Held by the process that runs the sandbox; let go of with the object, or by its death. (An
// advisory record lock, fcntl(2), on the file `sandbox.lock`.) Not thread safe.
class DataFolder {
public:
    // Makes the folder when it is not there; what a load of a snapshot was killed in is finished
    // (snapshot/restore.h). Errors: FailedPrecondition when a sandbox runs on it, Unavailable for
    // the disk.
    [[nodiscard]] static Result<DataFolder> lock(std::filesystem::path path);

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }
    // To be called once it listens, and when something of it changes; find_running() tells others.
    Result<void> announce(RunningSandbox const& running) const;

private:
    DataFolder(std::filesystem::path path, FileDescriptor file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::filesystem::path path_;
    FileDescriptor file_;
};

// nullopt: none runs on this folder. Errors: Unavailable.
[[nodiscard]] Result<std::optional<RunningSandbox>> find_running(std::filesystem::path const& path);
// Asks it to end and waits until it has. Errors: DeadlineExceeded, Cancelled, PermissionDenied.
[[nodiscard]] Result<void> stop_running(Context const& context, RunningSandbox const& running);

}  // namespace aipress::sandbox
