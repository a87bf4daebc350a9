#include "dns/exchange.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "dns/limits.h"

namespace aipress::dns {
namespace {

constexpr std::int64_t kLongestPollMs = 3'600'000;

Error unavailable(ServerAddress const& server, std::string_view what) {
    return Error(ErrorCode::Unavailable, fmt::format("{}: {}", to_string(server), what));
}

Error failed(ServerAddress const& server, std::string_view what) {
    return unavailable(server, fmt::format("{}: {}", what, std::strerror(errno)));
}

struct SocketAddress {
    sockaddr_storage storage = {};
    socklen_t size = 0;

    [[nodiscard]] sockaddr const* get() const {
        return reinterpret_cast<sockaddr const*>(&storage);
    }
};

std::optional<SocketAddress> socket_address(ServerAddress const& server) {
    SocketAddress address;
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    if (::inet_pton(AF_INET, server.host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(server.port);
        address.size = sizeof v4;
        return address;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (::inet_pton(AF_INET6, server.host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(server.port);
        address.size = sizeof v6;
        return address;
    }
    return std::nullopt;
}

// A socket and the context's stop, waited for together.
class Channel {
public:
    Channel(Context const& context, ServerAddress const& server)
        : context_(context),
          server_(server),
          stopped_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          on_stop_(context.stop(), [this] { ::eventfd_write(stopped_.get(), 1); }) {}

    // SOCK_DGRAM or SOCK_STREAM. A connected datagram socket hears that server only.
    Result<void> connect(int kind) {
        auto const address = socket_address(server_);
        if (!address) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("'{}' is no address of a name server", server_.host));
        }
        socket_ = FileDescriptor(
            ::socket(address->storage.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket_.valid()) return failed(server_, "socket");
        if (::connect(socket_.get(), address->get(), address->size) == 0) return {};
        if (errno != EINPROGRESS) return failed(server_, "connecting");
        TRY(wait_for(POLLOUT));
        int failure = 0;
        socklen_t size = sizeof failure;
        ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
        errno = failure;
        if (failure != 0) return failed(server_, "connecting");
        return {};
    }
    Result<void> send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            } else if (errno == EAGAIN) {
                TRY(wait_for(POLLOUT));
            } else if (errno != EINTR) {
                return failed(server_, "sending");
            }
        }
        return {};
    }
    // One datagram, or what a stream has now; at least a byte of a stream.
    Result<std::string> receive(std::size_t most) {
        std::string bytes(most, '\0');
        while (true) {
            TRY(wait_for(POLLIN));
            auto const got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
            if (got >= 0) {
                bytes.resize(static_cast<std::size_t>(got));
                return bytes;
            }
            if (errno != EAGAIN && errno != EINTR) return failed(server_, "receiving");
        }
    }
    Result<std::string> receive_all(std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) {
            auto const more = TRY(receive(size - bytes.size()));
            if (more.empty()) return unavailable(server_, "it hung up in the midst of an answer");
            bytes += more;
        }
        return bytes;
    }

private:
    Result<void> wait_for(short events) {
        while (true) {
            if (context_.stopped()) return Error(ErrorCode::Cancelled, "called off");
            auto const left = context_.deadline().remaining(context_.clock()).count();
            std::array<pollfd, 2> watched{
                {{socket_.get(), events, 0}, {stopped_.get(), POLLIN, 0}}};
            // What is left was rounded down: a millisecond more, or it would be asked for 0 of
            // them.
            auto const timeout = static_cast<int>(std::min(left, kLongestPollMs) + 1);
            auto const ready = ::poll(watched.data(), watched.size(), timeout);
            if (ready == 0) return unavailable(server_, "no answer");
            if (ready < 0 && errno != EINTR) return failed(server_, "waiting");
            if (ready > 0 && watched[0].revents != 0) return {};
        }
    }

    Context const& context_;
    ServerAddress const& server_;
    FileDescriptor socket_;
    FileDescriptor stopped_;
    std::stop_callback<std::function<void()>> on_stop_;  // last: it writes to stopped_
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc() || end != text.data() + text.size() || port == 0) return {};
    return port;
}

}  // namespace

Result<ServerAddress> parse_server(std::string_view text) {
    auto host = text;
    std::string_view port;
    if (auto const end = text.find(']'); text.starts_with('[') && end != text.npos) {
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':'));
    }
    ServerAddress server{.host = std::string(host)};
    auto const number = port.empty() ? server.port : parse_port(port.substr(1));
    if (!socket_address(server) || !number || !(port.empty() || port.starts_with(':'))) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is no address of a name server: write 192.0.2.1:53 or "
                                 "[2001:db8::1]:53",
                                 text));
    }
    server.port = *number;
    return server;
}

std::string to_string(ServerAddress const& server) {
    bool const is_v6 = server.host.find(':') != std::string::npos;
    if (is_v6) return fmt::format("[{}]:{}", server.host, server.port);
    return fmt::format("{}:{}", server.host, server.port);
}

Result<std::string> exchange_udp(Context const& context, ServerAddress const& server,
                                 std::string_view message, Accept const& accept) {
    Channel channel(context, server);
    TRY(channel.connect(SOCK_DGRAM));
    TRY(channel.send(message));
    while (true) {
        auto answer = TRY(channel.receive(limits::kMessageBytes));
        if (accept(answer)) return answer;
    }
}

Result<std::string> exchange_tcp(Context const& context, ServerAddress const& server,
                                 std::string_view message, Accept const& accept) {
    Channel channel(context, server);
    TRY(channel.connect(SOCK_STREAM));
    std::string framed{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
    framed += message;
    TRY(channel.send(framed));
    auto const length = TRY(channel.receive_all(2));
    auto const size = static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8 |
                      static_cast<unsigned char>(length[1]);
    auto answer = TRY(channel.receive_all(size));
    if (!accept(answer)) return unavailable(server, "it answers something else than was asked");
    return answer;
}

}  // namespace aipress::dns
