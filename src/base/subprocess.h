// Other programs: run to their end (`run_process`) or beside us (`Process`). Never through a shell
// unless the caller names one: {"sh", "-c", command}.
//
// A child leads its own process group; ending it ends the group. However this
// process dies, the whole group is killed: the child by the kernel, what it started by a guard
// (process_guard.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"

namespace aipress {

struct ProcessOptions {
    // The program, looked up in PATH unless it has a slash, and its arguments.
    std::vector<std::string> arguments = {};
    // On top of this process's environment; replaces a variable of the same name.
    std::vector<std::pair<std::string, std::string>> environment = {};
    std::filesystem::path working_directory = {};  // empty: this process's
    // Standard input: a file; empty: no input at all.
    std::filesystem::path input_file = {};
    // Where the output goes, truncated first. Empty: run_process captures it, a Process drops it.
    // The same file twice is shared.
    std::filesystem::path output_file = {};
    std::filesystem::path error_file = {};
    // run_process keeps this much of each stream and reads the rest away.
    std::size_t capture_limit = std::size_t{1} << 20;
};

struct ExitStatus {
    int code = 0;    // meaningful when signal is 0
    int signal = 0;  // what killed it; 0: it ended by itself

    [[nodiscard]] bool success() const { return code == 0 && signal == 0; }
    // "exit code 3", "killed by signal 9".
    [[nodiscard]] std::string describe() const;
};

struct ProcessResult {
    ExitStatus status;
    std::string standard_output;
    std::string standard_error;
    bool truncated = false;  // either stream was longer than capture_limit
};

// Runs to the end. Past the deadline or on stop the group is killed and the call returns
// DeadlineExceeded or Cancelled. A program that ends with a failure is a value, not an Error.
// Errors: NotFound (no such program), PermissionDenied, InvalidArgument (a file or the working
// directory cannot be opened), Unavailable (no process could be made). Thread safe.
[[nodiscard]] Result<ProcessResult> run_process(Context const& context,
                                                ProcessOptions const& options);

// Not thread safe.
class Process {
public:
    // Errors as run_process.
    [[nodiscard]] static Result<Process> start(ProcessOptions const& options);
    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    ~Process();  // SIGKILL to the group, and wait

    // The same from start to end, whether the process still runs or not.
    [[nodiscard]] pid_t pid() const;
    // Its status once it has ended; nullopt while it runs. Never blocks.
    [[nodiscard]] std::optional<ExitStatus> poll();
    // Errors: DeadlineExceeded, Cancelled; the process then runs on.
    [[nodiscard]] Result<ExitStatus> wait(Context const& context);
    // To the whole group; nothing once the process has been waited for.
    void send_signal(int signal);
    // SIGKILL to the group, and wait.
    ExitStatus kill();

private:
    struct Impl;
    explicit Process(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress
