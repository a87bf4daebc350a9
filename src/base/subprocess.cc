#include "base/subprocess.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/forking.h"
#include "base/process_guard.h"

extern char** environ;

namespace aipress {

namespace {

// How long a poll may sleep before the context is looked at again: the deadline may be of a clock
// that is not the machine's.
constexpr milliseconds kLongestPoll{500};

struct Pipe {
    FileDescriptor read_end;
    FileDescriptor write_end;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return system_error(ErrorCode::Unavailable, errno, "pipe");
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<FileDescriptor> open_file(std::filesystem::path const& path, int flags) {
    int const fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0) return system_error(ErrorCode::InvalidArgument, errno, path.string());
    return FileDescriptor(fd);
}

std::vector<std::string> merged_environment(ProcessOptions const& options) {
    std::vector<std::string> merged;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text(*entry);
        std::string_view const name = text.substr(0, text.find('='));
        bool const replaced =
            std::any_of(options.environment.begin(), options.environment.end(),
                        [&](auto const& variable) { return variable.first == name; });
        if (!replaced) merged.emplace_back(text);
    }
    for (auto const& [name, value] : options.environment) merged.push_back(name + "=" + value);
    return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct ChildPlan {
    char** arguments;
    char** environment;
    char const* working_directory;  // nullptr: stay
    int input;
    int output;
    int error;
    int failure_pipe;  // an errno is written there when exec fails
    pid_t parent;
};

// In the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(ChildPlan const& plan) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the prctl.
    if (::getppid() != plan.parent) ::_exit(127);
    // Signals that the parent ignores or blocks would stay so in the program.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    bool const ready = ::dup2(plan.input, STDIN_FILENO) >= 0 &&
                       ::dup2(plan.output, STDOUT_FILENO) >= 0 &&
                       ::dup2(plan.error, STDERR_FILENO) >= 0 &&
                       (plan.working_directory == nullptr || ::chdir(plan.working_directory) == 0);
    if (ready) ::execvpe(plan.arguments[0], plan.arguments, plan.environment);
    int const number = errno;
    [[maybe_unused]] auto const written = ::write(plan.failure_pipe, &number, sizeof number);
    ::_exit(127);
}

ErrorCode code_of_exec_failure(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::NotFound;
        case EACCES:
        case EPERM:
            return ErrorCode::PermissionDenied;
        case E2BIG:
            return ErrorCode::InvalidArgument;
        default:
            return ErrorCode::Unavailable;
    }
}

struct Streams {
    int input;
    int output;
    int error;
};

Result<pid_t> spawn(ProcessOptions const& options, Streams streams) {
    if (options.arguments.empty()) return Error(ErrorCode::InvalidArgument, "no program named");
    std::error_code ignored;
    if (!options.working_directory.empty() &&
        !std::filesystem::is_directory(options.working_directory, ignored))
        return Error(ErrorCode::InvalidArgument,
                     options.working_directory.string() + ": not a directory");

    Pipe failure = TRY(make_pipe());
    auto arguments = options.arguments;
    auto environment = merged_environment(options);
    auto const argument_pointers = pointers_to(arguments);
    auto const environment_pointers = pointers_to(environment);
    ChildPlan const plan{.arguments = const_cast<char**>(argument_pointers.data()),
                         .environment = const_cast<char**>(environment_pointers.data()),
                         .working_directory = options.working_directory.empty()
                                                  ? nullptr
                                                  : options.working_directory.c_str(),
                         .input = streams.input,
                         .output = streams.output,
                         .error = streams.error,
                         .failure_pipe = failure.write_end.get(),
                         .parent = ::getpid()};
    pid_t const child = TRY(fork_on_lasting_thread([&] { become(plan); }));
    ::setpgid(child, child);  // as the child does: whoever is first
    failure.write_end.close();
    int number = 0;
    ssize_t got = 0;
    do {
        got = ::read(failure.read_end.get(), &number, sizeof number);
    } while (got < 0 && errno == EINTR);
    if (got == static_cast<ssize_t>(sizeof number)) {
        ::waitpid(child, nullptr, 0);
        return system_error(code_of_exec_failure(number), number, options.arguments.front());
    }
    return child;
}

ExitStatus status_of(int raw) {
    if (WIFSIGNALED(raw)) return {.code = 0, .signal = WTERMSIG(raw)};
    return {.code = WEXITSTATUS(raw), .signal = 0};
}

// Readable once the token is stopped.
class StopEvent {
public:
    explicit StopEvent(std::stop_token const& token)
        : fd_(::eventfd(0, EFD_CLOEXEC)), callback_(token, Signal{fd_.get()}) {}
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    struct Signal {
        int fd;
        void operator()() const {
            std::uint64_t const one = 1;
            [[maybe_unused]] auto const written = ::write(fd, &one, sizeof one);
        }
    };
    FileDescriptor fd_;
    std::stop_callback<Signal> callback_;
};

Result<void> check(Context const& context, std::string const& program) {
    if (context.stopped()) return Error(ErrorCode::Cancelled, program + ": stopped");
    if (context.expired()) return Error(ErrorCode::DeadlineExceeded, program + ": took too long");
    return {};
}

int poll_timeout(Context const& context) {
    auto const remaining = context.deadline().remaining(context.clock());
    return static_cast<int>(std::min(remaining, kLongestPoll).count());
}

// One captured stream. Returns false at its end.
bool read_some(int fd, std::string& into, std::size_t limit, bool& truncated) {
    std::array<char, 65536> buffer{};
    ssize_t const got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    std::size_t const room = limit - std::min(limit, into.size());
    std::size_t const kept = std::min(room, static_cast<std::size_t>(got));
    into.append(buffer.data(), kept);
    if (kept < static_cast<std::size_t>(got)) truncated = true;
    return true;
}

Result<FileDescriptor> open_input(ProcessOptions const& options) {
    return open_file(options.input_file.empty() ? "/dev/null" : options.input_file, O_RDONLY);
}

constexpr int kWriteFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;

// A started child and what is needed to wait for it.
struct Child {
    pid_t pid = -1;
    std::string program;
    FileDescriptor pidfd;
    ProcessGuard guard;
    std::optional<ExitStatus> status;

    Child() = default;
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child() {
        if (pid > 0) end();
    }

    std::optional<ExitStatus> collect(int flags) {
        if (status) return status;
        siginfo_t ended{};
        int waited = 0;
        do {
            waited = ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT | flags);
        } while (waited < 0 && errno == EINTR);
        if (waited == 0 && ended.si_pid == 0) return status;
        guard.send_home();
        int raw = 0;
        pid_t got = 0;
        do {
            got = ::waitpid(pid, &raw, flags);
        } while (got < 0 && errno == EINTR);
        if (got == pid) status = status_of(raw);
        // Somebody else reaped it: gone, its code unknown.
        if (got < 0) status = ExitStatus{.code = 127, .signal = 0};
        return status;
    }

    ExitStatus end() {
        // The group before its leader is reaped: until then its id cannot be given away.
        if (!status) ::kill(-pid, SIGKILL);
        return *collect(0);
    }
};

Result<void> launch(Child& child, ProcessOptions const& options, Streams streams) {
    pid_t const pid = TRY(spawn(options, streams));
    child.pid = pid;
    child.program = options.arguments.front();
    child.pidfd = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (child.pidfd.get() < 0)
        return system_error(ErrorCode::Unavailable, errno, "watching " + child.program);
    child.guard = TRY(ProcessGuard::start(pid));
    return {};
}

struct Capture {
    Pipe pipe;
    FileDescriptor file;
    std::string text;

    [[nodiscard]] int child_end() const {
        return file.get() >= 0 ? file.get() : pipe.write_end.get();
    }
    [[nodiscard]] bool open() const { return pipe.read_end.get() >= 0; }
};

Result<Capture> make_capture(std::filesystem::path const& file) {
    Capture capture;
    if (file.empty())
        capture.pipe = TRY(make_pipe());
    else
        capture.file = TRY(open_file(file, kWriteFlags));
    return capture;
}

// Reads both streams until they and the child are at their end.
Result<void> follow(Context const& context, Child& child, std::array<Capture*, 2> captures,
                    std::size_t limit, bool& truncated) {
    StopEvent const stop(context.stop());
    while (true) {
        TRY(check(context, child.program));
        std::array<pollfd, 4> watched{{{child.pidfd.get(), POLLIN, 0},
                                       {stop.fd(), POLLIN, 0},
                                       {captures[0]->pipe.read_end.get(), POLLIN, 0},
                                       {captures[1]->pipe.read_end.get(), POLLIN, 0}}};
        if (child.status) watched[0].fd = -1;
        ::poll(watched.data(), watched.size(), poll_timeout(context));
        for (std::size_t i = 0; i < captures.size(); ++i) {
            if (watched[i + 2].revents == 0) continue;
            if (!read_some(watched[i + 2].fd, captures[i]->text, limit, truncated))
                captures[i]->pipe.read_end.close();
        }
        // What the program left running behind it would hold the pipes open for ever.
        if (watched[0].revents != 0) child.end();
        if (child.status && !captures[0]->open() && !captures[1]->open()) return {};
    }
}

}  // namespace

std::string ExitStatus::describe() const {
    return signal != 0 ? fmt::format("killed by signal {}", signal)
                       : fmt::format("exit code {}", code);
}

Result<ProcessResult> run_process(Context const& context, ProcessOptions const& options) {
    FileDescriptor const input = TRY(open_input(options));
    Capture output = TRY(make_capture(options.output_file));
    Capture error = TRY(make_capture(options.error_file));
    Child child;
    TRY(launch(child, options, {input.get(), output.child_end(), error.child_end()}));
    output.pipe.write_end.close();
    error.pipe.write_end.close();

    ProcessResult result;
    TRY(follow(context, child, {&output, &error}, options.capture_limit, result.truncated));
    result.status = *child.status;
    result.standard_output = std::move(output.text);
    result.standard_error = std::move(error.text);
    return result;
}

struct Process::Impl {
    Child child;
};

Process::Process(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

Result<Process> Process::start(ProcessOptions const& options) {
    auto const or_null = [](std::filesystem::path const& file) {
        return open_file(file.empty() ? "/dev/null" : file, kWriteFlags);
    };
    FileDescriptor const input = TRY(open_input(options));
    FileDescriptor const output = TRY(or_null(options.output_file));
    FileDescriptor const error = TRY(or_null(options.error_file));
    auto impl = std::make_unique<Impl>();
    TRY(launch(impl->child, options, {input.get(), output.get(), error.get()}));
    return Process(std::move(impl));
}

pid_t Process::pid() const {
    return impl_->child.pid;
}

std::optional<ExitStatus> Process::poll() {
    return impl_->child.collect(WNOHANG);
}

Result<ExitStatus> Process::wait(Context const& context) {
    Child& child = impl_->child;
    StopEvent const stop(context.stop());
    while (true) {
        if (auto const status = child.collect(WNOHANG)) return *status;
        TRY(check(context, child.program));
        std::array<pollfd, 2> watched{{{child.pidfd.get(), POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
        ::poll(watched.data(), watched.size(), poll_timeout(context));
    }
}

void Process::send_signal(int signal) {
    if (!impl_->child.status) ::kill(-impl_->child.pid, signal);
}

ExitStatus Process::kill() {
    return impl_->child.end();
}

}  // namespace aipress
