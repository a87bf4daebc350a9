// What the commands below `aipress sandbox` share.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "cli/sandbox_arguments.h"
#include "mover/control.h"
#include "sandbox/sandbox.h"

namespace aipress::cli {

// Prints why, and the command to give next; the exit code.
[[nodiscard]] int fail(Error const& error, std::string_view next);
// "aipress sandbox VERB --data DIR"
[[nodiscard]] std::string next_command(std::string_view verb, SandboxArguments const& arguments);
// That `--confirm` has the folder's name, and that the folder is a sandbox's. Errors:
// InvalidArgument.
[[nodiscard]] Result<void> check_confirmed_folder(SandboxArguments const& arguments);
[[nodiscard]] Result<void> check_is_sandbox(std::filesystem::path const& data);

// What a sandbox that runs says of itself, for `up` and `status`.
[[nodiscard]] std::string describe(SandboxArguments const& arguments,
                                   sandbox::RunningSandbox const& running);
// Where the one on the folder listens. Errors: FailedPrecondition when none runs.
[[nodiscard]] Result<poc::Ports> find_ports(SandboxArguments const& arguments);
// `up --detach`: another process runs it; the exit code is that process's when it ends before the
// sandbox is ready.
[[nodiscard]] int run_up_detached(SandboxArguments const& arguments, Environment& environment);

// Takes `snapshot save` of other processes, until it is destroyed. `on_lost` is told when the
// sandbox has not come back from one. All that it is given outlives it. Errors: Unavailable.
[[nodiscard]] Result<mover::ControlServer> serve_snapshots(
    std::filesystem::path const& data, sandbox::Sandbox& sandbox, Environment& environment,
    std::function<void(Error const&)> on_lost);

}  // namespace aipress::cli
