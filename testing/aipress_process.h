// The program under test, run as an operator runs it.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {

using Arguments = std::vector<std::string>;
using Environment = std::vector<std::pair<std::string, std::string>>;

struct CommandResult {
    ExitStatus status;
    std::string output;
    std::string error;

    // The object that `--format json` prints. Errors: InvalidArgument, with the output.
    [[nodiscard]] Result<boost::json::object> json() const;
    // All of it, for a failure's message.
    [[nodiscard]] std::string describe() const;
};

// $AIPRESS_BINARY, else `aipress` beside the running test.
[[nodiscard]] std::string aipress_binary();

// Runs to the end. Errors: as run_process. Thread safe.
[[nodiscard]] Result<CommandResult> run_aipress(Context const& context, Arguments const& arguments,
                                                Environment const& environment = {});

// Runs beside the test; killed with this object. Not thread safe.
class AipressProcess {
public:
    [[nodiscard]] static Result<AipressProcess> start(Arguments const& arguments,
                                                      Environment const& environment = {});

    [[nodiscard]] pid_t pid() const { return process_.pid(); }
    [[nodiscard]] bool running() { return !process_.poll().has_value(); }
    void send_signal(int signal) { process_.send_signal(signal); }
    void kill() { process_.kill(); }
    // Errors: DeadlineExceeded, Cancelled; it then runs on.
    [[nodiscard]] Result<CommandResult> wait(Context const& context);
    // What it has written until now.
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string error() const;

private:
    AipressProcess(TemporaryDirectory folder, Process process)
        : folder_(std::move(folder)), process_(std::move(process)) {}

    TemporaryDirectory folder_;
    Process process_;
};

}  // namespace aipress::testing
