#include "base/detached_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/forking.h"

namespace aipress {
namespace {

struct Plan {
    char* const* arguments;
    int input;
    int output;
    int failure;  // an errno is written there when exec fails
};

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(Plan const& plan) {
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    bool const is_ready = ::dup2(plan.input, STDIN_FILENO) >= 0 &&
                          ::dup2(plan.output, STDOUT_FILENO) >= 0 &&
                          ::dup2(plan.output, STDERR_FILENO) >= 0 &&
                          // What our caller left open would stay so for as long as it runs.
                          ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
    if (is_ready) ::execv(plan.arguments[0], plan.arguments);
    int const number = errno;
    [[maybe_unused]] auto const written = ::write(plan.failure, &number, sizeof number);
    ::_exit(127);
}

ErrorCode code_of(int number) {
    if (number == ENOENT || number == ENOTDIR) return ErrorCode::NotFound;
    return number == EACCES ? ErrorCode::PermissionDenied : ErrorCode::Unavailable;
}

}  // namespace

Result<pid_t> start_detached(std::vector<std::string> const& arguments,
                             std::filesystem::path const& output_file) {
    FileDescriptor const input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    FileDescriptor const output(
        ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    std::array<int, 2> ends{};
    if (!output.valid()) return system_error(ErrorCode::Unavailable, errno, output_file.string());
    if (!input.valid() || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return system_error(ErrorCode::Unavailable, errno, "starting a program");
    }
    FileDescriptor const failure(ends[0]);
    FileDescriptor failing(ends[1]);
    auto words = arguments;
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    Plan const plan{.arguments = pointers.data(),
                    .input = input.get(),
                    .output = output.get(),
                    .failure = failing.get()};
    pid_t const child = TRY(fork_on_lasting_thread([&] { become(plan); }));
    failing.close();
    int number = 0;
    ssize_t got = 0;
    do {
        got = ::read(failure.get(), &number, sizeof number);
    } while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof number)) return child;
    ::waitpid(child, nullptr, 0);
    return system_error(code_of(number), number, arguments.front());
}

}  // namespace aipress
