#include "mover/control_socket.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace aipress::mover {
namespace {

constexpr int kBacklog = 16;

Error system_error(std::string_view what, int number) {
    return Error(ErrorCode::Unavailable, fmt::format("{}: {}", what, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

int poll_timeout(Context const& context) {
    if (context.deadline().is_never()) return -1;
    constexpr std::int64_t kLongest = 60'000;
    return static_cast<int>(
        std::min(kLongest, context.deadline().remaining(context.clock()).count()));
}

// A socket address holds 108 bytes: every path goes through a descriptor.
sockaddr_un address_of(std::string const& short_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT(short_path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, short_path.data(), short_path.size());
    return address;
}

}  // namespace

Result<void> await_socket(Context const& context, StopSignal const& stop, int socket,
                          short events) {
    for (;;) {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
        if (context.expired()) {
            return Error(ErrorCode::DeadlineExceeded, "the running move did not answer in time");
        }
        pollfd ready[2] = {{socket, events, 0}, {stop.descriptor(), POLLIN, 0}};
        if (::poll(ready, 2, poll_timeout(context)) < 0 && errno != EINTR) {
            return system_error("waiting for the control socket", errno);
        }
        if (ready[0].revents != 0) return {};
    }
}

Result<void> send_line(Context const& context, StopSignal const& stop, int socket,
                       std::string line) {
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        TRY(await_socket(context, stop, socket, POLLOUT));
        auto const sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent < 0) return system_error("writing to the control socket", errno);
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::string> receive_line(Context const& context, StopSignal const& stop, int socket,
                                 std::string& pending, std::size_t longest) {
    std::size_t searched = 0;
    for (;;) {
        auto const end = pending.find('\n', searched);
        if (end != std::string::npos) {
            auto line = pending.substr(0, end);
            pending.erase(0, end + 1);
            return line;
        }
        searched = pending.size();
        if (pending.size() > longest) {
            return Error(ErrorCode::ResourceExhausted, "a line on the control socket is too long");
        }
        TRY(await_socket(context, stop, socket, POLLIN));
        char buffer[16 * 1024];
        auto const received = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
        if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (received < 0) return system_error("reading from the control socket", errno);
        if (received == 0) {
            return Error(ErrorCode::Unavailable, "the control connection was closed");
        }
        pending.append(buffer, static_cast<std::size_t>(received));
    }
}

// Bound beside its place, closed to others, and listening before it gets its name: no client ever
// meets a half-made socket, and a dead one is replaced in one step.
Result<FileDescriptor> listen_at(std::string const& socket_path) {
    std::filesystem::path const path(socket_path);
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    FileDescriptor const directory(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid()) {
        return system_error(fmt::format("opening the folder of '{}'", path.string()), errno);
    }
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return system_error("making the control socket", errno);

    static std::atomic<unsigned> made = 0;
    auto const name = fmt::format(".aipress-{}-{}", ::getpid(), made++);
    auto const address = address_of(fmt::format("/proc/self/fd/{}/{}", directory.get(), name));
    ::unlinkat(directory.get(), name.c_str(), 0);
    bool const is_made =
        ::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 &&
        ::fchmodat(directory.get(), name.c_str(), S_IRUSR | S_IWUSR, 0) == 0 &&
        ::listen(socket.get(), kBacklog) == 0 &&
        ::renameat(directory.get(), name.c_str(), directory.get(), path.filename().c_str()) == 0;
    if (is_made) return socket;
    int const number = errno;
    ::unlinkat(directory.get(), name.c_str(), 0);
    return system_error(fmt::format("making the control socket '{}'", path.string()), number);
}

Result<FileDescriptor> connect_to(std::string const& path) {
    Error nobody(ErrorCode::NotFound, fmt::format("no move is running at '{}'", path));
    FileDescriptor const place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place.valid()) {
        if (errno == ENOENT || errno == ENOTDIR) return nobody;
        return system_error(fmt::format("opening '{}'", path), errno);
    }
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return system_error("making a socket", errno);
    auto const address = address_of(fmt::format("/proc/self/fd/{}", place.get()));
    if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        // Left behind by a process that was killed.
        if (errno == ECONNREFUSED) return nobody;
        return system_error(fmt::format("connecting to '{}'", path), errno);
    }
    return socket;
}

}  // namespace aipress::mover
