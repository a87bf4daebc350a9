#include "sandbox/data_folder.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/syscall.h>

#include "base/assert.h"
#include "json/fields.h"
#include "sandbox/snapshot/restore.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockFile = "sandbox.lock";
constexpr std::size_t kAnnouncementBytes = 512;
constexpr milliseconds kPollStep{200};  // how soon a request to stop is noticed

Error system_error(ErrorCode code, std::string_view what) {
    int const number = errno;
    return Error(code, fmt::format("{}: {}", what, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

Result<RunningSandbox> read_announcement(fs::path const& file, pid_t pid) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    RunningSandbox running{.pid = pid};
    boost::system::error_code failure;
    auto const said = boost::json::parse(text.str(), failure);
    // It writes this once it listens; until then there is another's, or none.
    if (failure || !said.is_object()) return running;
    auto const& fields = said.get_object();
    if (TRY(json::get_integer(fields, "pid")) != pid) return running;
    running.port = static_cast<std::uint16_t>(TRY(json::get_integer(fields, "port")));
    running.dns_port = static_cast<std::uint16_t>(TRY(json::get_integer(fields, "dns_port")));
    running.web_port = static_cast<std::uint16_t>(TRY(json::get_integer(fields, "web_port")));
    running.spanner_port =
        static_cast<std::uint16_t>(TRY(json::get_integer(fields, "spanner_port")));
    running.spanner_rest_port =
        static_cast<std::uint16_t>(TRY(json::get_integer(fields, "spanner_rest_port")));
    running.seed = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "seed")));
    running.version = TRY(json::get_string(fields, "version"));
    running.started = TRY(json::get_string(fields, "started"));
    return running;
}

}  // namespace

Result<DataFolder> DataFolder::lock(fs::path path) {
    std::error_code failure;
    fs::create_directories(path, failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot make '{}': {}", path.string(), failure.message()));
    }
    auto const name = path / kLockFile;
    FileDescriptor file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) {
        return system_error(ErrorCode::Unavailable, fmt::format("opening '{}'", name.string()));
    }
    auto wanted = whole_file();
    if (::fcntl(file.get(), F_SETLK, &wanted) == 0) {
        NoProbe probe;
        TRY(finish_restore(path, probe));
        return DataFolder(std::move(path), std::move(file));
    }
    if (errno != EAGAIN && errno != EACCES) {
        return system_error(ErrorCode::Unavailable, fmt::format("locking '{}'", name.string()));
    }
    auto const running = TRY(find_running(path));
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("a sandbox runs on '{}' already (process {}, port {})", path.string(),
                             running ? running->pid : 0, running ? running->port : 0));
}

Result<void> DataFolder::announce(RunningSandbox const& running) const {
    auto text =
        boost::json::serialize(boost::json::object{{"pid", running.pid},
                                                   {"port", running.port},
                                                   {"dns_port", running.dns_port},
                                                   {"web_port", running.web_port},
                                                   {"spanner_port", running.spanner_port},
                                                   {"spanner_rest_port", running.spanner_rest_port},
                                                   {"started", running.started},
                                                   {"seed", running.seed},
                                                   {"version", running.version}});
    // Always as long: who reads meanwhile sees what was there or what is, and never a part.
    ASSERT(text.size() < kAnnouncementBytes);
    text.resize(kAnnouncementBytes - 1, ' ');
    text += '\n';
    bool const written =
        ::pwrite(file_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
    if (!written) return system_error(ErrorCode::Unavailable, "writing sandbox.lock");
    return {};
}

Result<std::optional<RunningSandbox>> find_running(fs::path const& path) {
    auto const name = path / kLockFile;
    FileDescriptor const file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::optional<RunningSandbox>();
    auto held = whole_file();
    if (::fcntl(file.get(), F_GETLK, &held) != 0) {
        return system_error(ErrorCode::Unavailable, fmt::format("asking for '{}'", name.string()));
    }
    if (held.l_type == F_UNLCK) return std::optional<RunningSandbox>();
    return std::optional(TRY(read_announcement(name, held.l_pid)));
}

Result<void> stop_running(Context const& context, RunningSandbox const& running) {
    FileDescriptor const process(static_cast<int>(::syscall(SYS_pidfd_open, running.pid, 0)));
    if (!process.valid()) {
        if (errno == ESRCH) return {};
        return system_error(ErrorCode::Unavailable, "pidfd_open");
    }
    if (::kill(running.pid, SIGTERM) != 0 && errno != ESRCH) {
        return system_error(ErrorCode::PermissionDenied,
                            fmt::format("ending process {}", running.pid));
    }
    while (!context.stopped()) {
        pollfd ended{process.get(), POLLIN, 0};
        if (::poll(&ended, 1, static_cast<int>(kPollStep.count())) > 0) return {};
        if (context.expired()) {
            return Error(ErrorCode::DeadlineExceeded,
                         fmt::format("process {} has not ended yet", running.pid));
        }
    }
    return Error(ErrorCode::Cancelled, "stopped on request");
}

}  // namespace aipress::sandbox
