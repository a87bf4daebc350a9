#include "edge/haproxy_runtime.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <stop_token>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace aipress::edge {
namespace {

constexpr std::string_view kPrompt = "\n> ";
constexpr std::string_view kPayloadPrompt = "+ ";  // one for each line of a payload
// A command and its payload must fit into HAProxy's tune.bufsize, 16,384 by default; beyond it the
// payload is dropped and its rest read as commands.
constexpr std::size_t kPayloadBytes = 12'000;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kAnswerBytes = std::size_t{512} << 20;

Error failed(std::string_view what, int number) {
    return Error(ErrorCode::Unavailable,
                 fmt::format("HAProxy's runtime API: {}: {}", what, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

// Until the socket is ready, the deadline has passed or the stop token says so.
Result<void> wait_for(Context const& context, int socket, short events) {
    FileDescriptor const stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    std::stop_callback const on_stop(context.stop(), [&] {
        std::uint64_t const one = 1;
        [[maybe_unused]] auto const written = ::write(stopped.get(), &one, sizeof one);
    });
    for (;;) {
        if (context.stopped()) {
            return Error(ErrorCode::Cancelled, "HAProxy's runtime API: called off");
        }
        auto const left = context.deadline().remaining(context.clock());
        if (left <= milliseconds(0)) {
            return Error(ErrorCode::DeadlineExceeded,
                         "HAProxy's runtime API: no answer within the time given");
        }
        pollfd watched[]{{socket, events, 0}, {stopped.get(), POLLIN, 0}};
        auto const timeout = std::min<milliseconds::rep>(left.count(), 60'000);
        int const ready = ::poll(watched, 2, static_cast<int>(timeout));
        if (ready < 0 && errno != EINTR) return failed("poll", errno);
        if (ready > 0 && watched[0].revents != 0) return {};
    }
}

struct Address {
    sockaddr_storage storage = {};
    socklen_t length = 0;
};

Result<Address> parse_address(std::string const& text) {
    Address address;
    if (text.starts_with('/')) {
        auto* const name = reinterpret_cast<sockaddr_un*>(&address.storage);
        if (text.size() >= sizeof name->sun_path) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("'{}' is too long for the name of a socket", text));
        }
        name->sun_family = AF_UNIX;
        std::memcpy(name->sun_path, text.data(), text.size());
        address.length = sizeof *name;
        return address;
    }
    auto* const name = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto const colon = text.rfind(':');
    std::uint16_t port = 0;
    char const* const end = text.data() + text.size();
    bool const has_port = colon != std::string::npos &&
                          std::from_chars(text.data() + colon + 1, end, port).ptr == end;
    if (!has_port || port == 0 ||
        ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &name->sin_addr) != 1) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is no address of HAProxy's stats socket: give the socket's "
                                 "full path, or an IPv4 address and a port",
                                 text));
    }
    name->sin_family = AF_INET;
    name->sin_port = htons(port);
    address.length = sizeof *name;
    return address;
}

Error refused(std::string_view answer) {
    auto const says = [&](std::string_view text) {
        return answer.find(text) != std::string_view::npos;
    };
    auto code = ErrorCode::Internal;
    if (says("not found") || says("Unknown map")) code = ErrorCode::NotFound;
    if (says("Permission denied")) code = ErrorCode::PermissionDenied;
    if (says("Version number")) code = ErrorCode::Aborted;
    if (says("Missing value")) code = ErrorCode::InvalidArgument;
    return {code, fmt::format("HAProxy answered: {}", answer.substr(0, 200))};
}

}  // namespace

Result<HaproxyRuntime> HaproxyRuntime::connect(Context const& context, std::string const& address) {
    auto const to = TRY(parse_address(address));
    FileDescriptor socket(
        ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return failed("socket", errno);
    if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&to.storage), to.length) != 0) {
        if (errno != EINPROGRESS) return failed(fmt::format("connecting to {}", address), errno);
        TRY(wait_for(context, socket.get(), POLLOUT));
        int fault = 0;
        socklen_t size = sizeof fault;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &size);
        if (fault != 0) return failed(fmt::format("connecting to {}", address), fault);
    }
    HaproxyRuntime runtime(std::move(socket));
    TRY(runtime.command(context, "prompt"));
    return runtime;
}

Result<void> HaproxyRuntime::send(Context const& context, std::string_view bytes) {
    while (!bytes.empty()) {
        auto const sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            TRY(wait_for(context, socket_.get(), POLLOUT));
        } else if (errno != EINTR) {
            return failed("sending", errno);
        }
    }
    return {};
}

Result<std::string> HaproxyRuntime::receive(Context const& context) {
    std::string answer;
    while (!answer.ends_with(kPrompt)) {
        if (answer.size() > kAnswerBytes) {
            return Error(ErrorCode::Unavailable, "HAProxy's runtime API: an answer without end");
        }
        auto const had = answer.size();
        answer.resize(had + kReadBytes);
        auto const got = ::recv(socket_.get(), answer.data() + had, kReadBytes, 0);
        auto const fault = errno;
        answer.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got == 0) {
            return Error(ErrorCode::Unavailable,
                         "HAProxy's runtime API: the connection was closed, HAProxy may have "
                         "ended");
        }
        if (got < 0 && fault == EAGAIN) {
            TRY(wait_for(context, socket_.get(), POLLIN));
        } else if (got < 0 && fault != EINTR) {
            return failed("receiving", fault);
        }
    }
    answer.resize(answer.size() - kPrompt.size());
    return answer;
}

// An answer that was not read to its end would be taken for the next command's.
Result<std::string> HaproxyRuntime::command(Context const& context, std::string_view text) {
    if (!socket_.valid()) {
        return Error(ErrorCode::Unavailable, "HAProxy's runtime API: the connection is over");
    }
    auto exchange = [&]() -> Result<std::string> {
        TRY(send(context, std::string(text) + "\n"));
        return receive(context);
    };
    auto answer = exchange();
    if (!answer.ok()) {
        socket_.close();
        return answer;
    }
    while (answer->starts_with(kPayloadPrompt)) answer->erase(0, kPayloadPrompt.size());
    while (answer->ends_with('\n')) answer->pop_back();
    return answer;
}

Result<void> HaproxyRuntime::order(Context const& context, std::string_view text) {
    auto const answer = TRY(command(context, text));
    if (answer.empty()) return {};
    return refused(answer);
}

Result<ProcessInfo> HaproxyRuntime::info(Context const& context) {
    return parse_info(TRY(command(context, "show info")));
}

Result<std::vector<MapEntry>> HaproxyRuntime::show_map(Context const& context,
                                                       std::string const& map) {
    TRY(check_word(map));
    auto const answer = TRY(command(context, "show map " + map));
    if (!answer.empty() && !answer.starts_with("0x")) return refused(answer);
    return parse_map(answer);
}

Result<std::optional<std::string>> HaproxyRuntime::find(Context const& context,
                                                        std::string const& map,
                                                        std::string const& key) {
    TRY(check_word(map));
    TRY(check_word(key));
    auto const answer = TRY(command(context, fmt::format("get map {} {}", map, key)));
    if (answer.find("found=no") != std::string::npos) return std::optional<std::string>();
    constexpr std::string_view kValue = "value=\"";
    auto const at = answer.find(kValue);
    auto const end = at == std::string::npos ? at : answer.find('"', at + kValue.size());
    if (end == std::string::npos) return refused(answer);
    return std::optional(answer.substr(at + kValue.size(), end - at - kValue.size()));
}

Result<void> HaproxyRuntime::put(Context const& context, std::string const& map,
                                 MapEntry const& entry) {
    TRY(check_word(map));
    TRY(check_word(entry.key));
    TRY(check_word(entry.value));
    auto const words = fmt::format("{} {} {}", map, entry.key, entry.value);
    auto set = order(context, "set map " + words);
    // `add` alone would make a second entry of the same key.
    if (!set.ok() && set.error().code() == ErrorCode::NotFound) {
        return order(context, "add map " + words);
    }
    return set;
}

Result<void> HaproxyRuntime::remove(Context const& context, std::string const& map,
                                    std::string const& key) {
    TRY(check_word(map));
    TRY(check_word(key));
    auto const answer = TRY(command(context, fmt::format("del map {} {}", map, key)));
    if (answer.empty() || answer == "Key not found.") return {};
    return refused(answer);
}

Result<void> HaproxyRuntime::fill(Context const& context, std::string const& map,
                                  std::string const& version,
                                  std::vector<MapEntry> const& entries) {
    auto const head = fmt::format("add map {} {} <<\n", version, map);
    std::string payload;
    for (auto const& entry : entries) {
        auto const line = fmt::format("{} {}\n", entry.key, entry.value);
        if (payload.size() + line.size() > kPayloadBytes) {
            TRY(order(context, head + payload));
            payload.clear();
        }
        payload += line;
    }
    return payload.empty() ? Result<void>() : order(context, head + payload);
}

Result<void> HaproxyRuntime::replace(Context const& context, std::string const& map,
                                     std::vector<MapEntry> const& entries) {
    TRY(check_word(map));
    for (auto const& entry : entries) {
        TRY(check_word(entry.key));
        TRY(check_word(entry.value));
    }
    auto const prepared = TRY(command(context, "prepare map " + map));
    constexpr std::string_view kPrepared = "New version created: ";
    if (!prepared.starts_with(kPrepared)) return refused(prepared);
    auto const version = "@" + prepared.substr(kPrepared.size());
    auto filled = fill(context, map, version, entries);
    if (filled.ok()) filled = order(context, fmt::format("commit map {} {}", version, map));
    // What stays behind of a connection that broke goes with the next commit.
    if (!filled.ok() && socket_.valid()) {
        auto const cleared = command(context, fmt::format("clear map {} {}", version, map));
        static_cast<void>(cleared);
    }
    return filled;
}

}  // namespace aipress::edge
