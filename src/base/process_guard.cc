#include "base/process_guard.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/forking.h"

namespace aipress {
namespace {

// It reads from a socket whose other end only we hold open: a line sends it home, the end of it
// makes it end the group. A program of its own, so that it keeps none of our memory and does not
// bear our name.
constexpr char const* kScript = "read -r line || kill -s KILL -- \"-$1\" 2> /dev/null";

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become_guard(char* const* arguments, int input) {
    ::setsid();  // out of reach of a signal to our group or from our terminal
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(input, STDIN_FILENO) >= 0) {
        std::array<char*, 1> environment{nullptr};
        ::execve("/bin/sh", arguments, environment.data());
    }
    ::_exit(127);
}

}  // namespace

Result<ProcessGuard> ProcessGuard::start(pid_t group) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return system_error(ErrorCode::Unavailable, errno, "socketpair");
    }
    FileDescriptor const theirs(ends[0]);
    FileDescriptor ours(ends[1]);
    std::array<std::string, 5> words = {"sh", "-c", kScript, "aipress-guard",
                                        std::to_string(group)};
    std::array<char*, 6> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments.at(i) = words.at(i).data();
    pid_t const pid =
        TRY(fork_on_lasting_thread([&] { become_guard(arguments.data(), theirs.get()); }));
    return ProcessGuard(pid, std::move(ours));
}

ProcessGuard::ProcessGuard(ProcessGuard&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), line_(std::move(other.line_)) {}

ProcessGuard& ProcessGuard::operator=(ProcessGuard&& other) noexcept {
    if (this != &other) {
        send_home();
        pid_ = std::exchange(other.pid_, -1);
        line_ = std::move(other.line_);
    }
    return *this;
}

ProcessGuard::~ProcessGuard() {
    send_home();
}

void ProcessGuard::send_home() {
    if (pid_ <= 0) return;
    // A guard that is gone already is as good as sent home.
    (void)::send(line_.get(), "\n", 1, MSG_NOSIGNAL);
    line_.close();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
}

}  // namespace aipress
