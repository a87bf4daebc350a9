#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/detached_process.h"
#include "base/file_descriptor.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kProbeIntervalMs = 20;

// Ready, or ended before it was; Errors: Cancelled.
struct Start {
    sandbox::RunningSandbox running = {};
    int exit_code = -1;  // -1: it is ready
};

Result<Start> wait_until_ready(SandboxArguments const& arguments, Environment& environment,
                               pid_t child) {
    FileDescriptor const process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    while (!environment.stop.stop_requested()) {
        // Its own words are what is waited for: it says where it is once it listens.
        auto const running = TRY(sandbox::find_running(arguments.data));
        if (running && running->pid == child && running->port != 0) return Start{*running};
        pollfd ended{process.get(), POLLIN, 0};
        if (::poll(&ended, 1, kProbeIntervalMs) <= 0) continue;
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        return Start{.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1};
    }
    ::kill(child, SIGTERM);
    return Error(ErrorCode::Cancelled, "stopped on request");
}

std::string text_from(fs::path const& file, std::streamoff position) {
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(position);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace

int run_up_detached(SandboxArguments const& arguments, Environment& environment) {
    std::error_code failure;
    fs::create_directories(arguments.data, failure);
    auto const log = arguments.data / "sandbox.log";
    auto const size = fs::exists(log, failure) ? fs::file_size(log, failure) : 0;
    std::vector<std::string> words{fs::read_symlink("/proc/self/exe", failure).string()};
    std::remove_copy(arguments.words.begin(), arguments.words.end(), std::back_inserter(words),
                     "--detach");
    auto const child = start_detached(words, log);
    if (!child.ok()) return fail(child.error(), next_command("up", arguments));
    auto const start = wait_until_ready(arguments, environment, child.value());
    if (!start.ok()) return fail(start.error(), next_command("status", arguments));
    if (start.value().exit_code < 0) {
        print_data(describe(arguments, start.value().running));
        return 0;
    }
    // What it said, as it would have said it here.
    fmt::print(stderr, "{}", text_from(log, static_cast<std::streamoff>(size)));
    return std::max(start.value().exit_code, 1);
}

}  // namespace aipress::cli
