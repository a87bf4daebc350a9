#include "testing/tcp_gate.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/file_descriptor.h"

namespace aipress::testing {

namespace {

// Held for a slow or delayed receiver, a direction; then the sender waits.
constexpr std::size_t kHeldLimit = std::size_t{4} << 20;
constexpr std::size_t kReadSize = 65536;
constexpr int kBacklog = 128;

sockaddr_in loopback(std::uint16_t port, in_addr_t host = htonl(INADDR_LOOPBACK)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = host;
    address.sin_port = htons(port);
    return address;
}

bool bind_to(int fd, std::uint16_t port) {
    sockaddr_in const address = loopback(port);
    return ::bind(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
}

std::uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

FileDescriptor new_socket() {
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int const on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void share_port(FileDescriptor const& fd, int on) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

// Connections accepted inherit the wish to share the port. Without it one that the server ended
// first stays behind (TIME_WAIT) for a minute, in which the port cannot be listened on again.
bool listen_on(FileDescriptor const& listener) {
    share_port(listener, 1);
    return ::listen(listener.get(), kBacklog) == 0;
}

// Keeps the port: the kernel answers with a reset, and nobody else can take it.
void stop_listening(FileDescriptor const& listener) {
    ::shutdown(listener.get(), SHUT_RD);
    share_port(listener, 0);
}

// The port is asked for by number the second time: only then it stays ours while not listening.
Result<FileDescriptor> bound_listener() {
    for (int attempt = 0; attempt < 10; ++attempt) {
        std::uint16_t port = 0;
        {
            FileDescriptor const probe = new_socket();
            if (!bind_to(probe.get(), 0)) continue;
            port = port_of(probe.get());
        }
        FileDescriptor listener = new_socket();
        if (bind_to(listener.get(), port) && listen_on(listener)) return listener;
    }
    return Error(ErrorCode::Unavailable, std::string("no free port: ") + std::strerror(errno));
}

void reset(FileDescriptor& fd) {
    linger const at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd.close();
}

// With nothing to wait for it is left out: poll would report its end again and again.
pollfd watch(FileDescriptor const& fd, short events) {
    return {events == 0 ? -1 : fd.get(), events, 0};
}

struct Chunk {
    SteadyTime due;
    std::string bytes;
};

struct Direction {
    std::deque<Chunk> held;
    std::size_t held_bytes = 0;
    bool sender_ended = false;
    bool end_passed_on = false;
};

struct Link {
    FileDescriptor client;
    FileDescriptor server;
    Direction to_server;
    Direction to_client;
    bool broken = false;

    [[nodiscard]] bool finished() const {
        return to_server.end_passed_on && to_client.end_passed_on;
    }
};

}  // namespace

struct TcpGate::Impl {
    in_addr_t server_host = htonl(INADDR_LOOPBACK);
    std::uint16_t server_port = 0;
    std::uint16_t port = 0;
    FileDescriptor listener;
    FileDescriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::mutex mutex;  // guards orders
    std::vector<std::packaged_task<void()>> orders;
    std::atomic<std::size_t> open_links = 0;
    std::atomic<std::uint64_t> carried = 0;
    // The loop's own.
    std::list<Link> links;
    bool listening = true;
    bool stalled = false;
    bool ending = false;
    milliseconds latency{0};
    std::thread loop;

    // Runs on the loop and waits for it.
    void order(std::function<void()> const& what) {
        std::packaged_task<void()> task(what);
        auto done = task.get_future();
        {
            std::lock_guard const lock(mutex);
            orders.push_back(std::move(task));
        }
        std::uint64_t const one = 1;
        [[maybe_unused]] auto const written = ::write(wake.get(), &one, sizeof one);
        done.get();
    }

    void run();
    void take_orders();
    void accept_one();
    void receive(Link& link, int from, Direction& direction);
    void send(Link& link, int to, Direction& direction);
    void sweep();
    void cut_all() {
        for (auto& link : links) link.broken = true;
        sweep();
    }
    void listen_again() {
        ASSERT(listening || listen_on(listener));
        listening = true;
    }
    [[nodiscard]] short events_of(Direction const& incoming, Direction const& outgoing,
                                  SteadyTime now) const;
    [[nodiscard]] int timeout(SteadyTime now) const;
};

void TcpGate::Impl::take_orders() {
    std::uint64_t count = 0;
    [[maybe_unused]] auto const got = ::read(wake.get(), &count, sizeof count);
    std::vector<std::packaged_task<void()>> taken;
    {
        std::lock_guard const lock(mutex);
        taken.swap(orders);
    }
    for (auto& task : taken) task();
}

void TcpGate::Impl::accept_one() {
    FileDescriptor client(
        ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.valid()) return;
    int const on = 1;
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Link link;
    link.client = std::move(client);
    link.server = new_socket();
    sockaddr_in const address = loopback(server_port, server_host);
    int const connected =
        ::connect(link.server.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address);
    if (connected != 0 && errno != EINPROGRESS) link.broken = true;
    links.push_back(std::move(link));
    open_links = links.size();
}

void TcpGate::Impl::receive(Link& link, int from, Direction& direction) {
    std::string bytes(kReadSize, '\0');
    ssize_t const got = ::recv(from, bytes.data(), bytes.size(), 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN) link.broken = true;
        return;
    }
    if (got == 0) {
        direction.sender_ended = true;
        return;
    }
    bytes.resize(static_cast<std::size_t>(got));
    direction.held_bytes += bytes.size();
    direction.held.push_back({std::chrono::steady_clock::now() + latency, std::move(bytes)});
}

void TcpGate::Impl::send(Link& link, int to, Direction& direction) {
    auto const now = std::chrono::steady_clock::now();
    while (!direction.held.empty() && direction.held.front().due <= now) {
        std::string& bytes = direction.held.front().bytes;
        ssize_t const sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN) link.broken = true;
            return;
        }
        carried += static_cast<std::uint64_t>(sent);
        direction.held_bytes -= static_cast<std::size_t>(sent);
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (!bytes.empty()) return;
        direction.held.pop_front();
    }
    if (direction.sender_ended && direction.held.empty() && !direction.end_passed_on) {
        ::shutdown(to, SHUT_WR);
        direction.end_passed_on = true;
    }
}

void TcpGate::Impl::sweep() {
    for (auto& link : links) {
        if (!link.broken) continue;
        reset(link.client);
        reset(link.server);
    }
    links.remove_if([](Link const& link) { return link.broken || link.finished(); });
    open_links = links.size();
}

short TcpGate::Impl::events_of(Direction const& incoming, Direction const& outgoing,
                               SteadyTime now) const {
    unsigned events = 0;
    if (!incoming.sender_ended && incoming.held_bytes < kHeldLimit) events |= POLLIN;
    bool const due = !outgoing.held.empty() && outgoing.held.front().due <= now;
    if (due || (outgoing.sender_ended && !outgoing.end_passed_on && outgoing.held.empty()))
        events |= POLLOUT;
    return static_cast<short>(events);
}

// Until the next held chunk is due; -1: nothing is waiting for the clock.
int TcpGate::Impl::timeout(SteadyTime now) const {
    auto next = SteadyTime::max();
    for (auto const& link : links)
        for (auto const* direction : {&link.to_server, &link.to_client})
            if (!direction->held.empty() && direction->held.front().due > now)
                next = std::min(next, direction->held.front().due);
    if (next == SteadyTime::max()) return -1;
    return static_cast<int>(elapsed_ms(now, next).count()) + 1;
}

void TcpGate::Impl::run() {
    while (!ending) {
        auto const now = std::chrono::steady_clock::now();
        std::vector<pollfd> watched{{wake.get(), POLLIN, 0}};
        watched.push_back({listening && !stalled ? listener.get() : -1, POLLIN, 0});
        // A stalled link is not looked at: not even its end is noticed.
        if (!stalled) {
            for (auto const& link : links) {
                watched.push_back(
                    watch(link.client, events_of(link.to_server, link.to_client, now)));
                watched.push_back(
                    watch(link.server, events_of(link.to_client, link.to_server, now)));
            }
        }
        ::poll(watched.data(), watched.size(), stalled ? -1 : timeout(now));
        if (!stalled) {
            std::size_t at = 2;
            for (auto& link : links) {
                auto const client = static_cast<unsigned>(watched[at++].revents);
                auto const server = static_cast<unsigned>(watched[at++].revents);
                constexpr unsigned kInput = POLLIN | POLLHUP | POLLERR;
                if ((client & kInput) != 0) receive(link, link.client.get(), link.to_server);
                if ((server & kInput) != 0) receive(link, link.server.get(), link.to_client);
                send(link, link.client.get(), link.to_client);
                send(link, link.server.get(), link.to_server);
            }
            if (watched[1].revents != 0) accept_one();
            sweep();
        }
        if (watched[0].revents != 0) take_orders();
    }
    cut_all();
}

TcpGate::TcpGate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpGate::TcpGate(TcpGate&&) noexcept = default;
TcpGate& TcpGate::operator=(TcpGate&&) noexcept = default;

TcpGate::~TcpGate() {
    if (!impl_) return;
    impl_->order([impl = impl_.get()] { impl->ending = true; });
    impl_->loop.join();
}

Result<TcpGate> TcpGate::open(std::uint16_t server_port, std::string const& server) {
    auto impl = std::make_unique<Impl>();
    if (::inet_pton(AF_INET, server.c_str(), &impl->server_host) != 1) {
        return Error(ErrorCode::InvalidArgument, server + " is no IPv4 address");
    }
    impl->server_port = server_port;
    impl->listener = TRY(bound_listener());
    impl->port = port_of(impl->listener.get());
    impl->loop = std::thread([state = impl.get()] { state->run(); });
    return TcpGate(std::move(impl));
}

std::uint16_t TcpGate::port() const {
    return impl_->port;
}

std::size_t TcpGate::connections() const {
    return impl_->open_links;
}

std::uint64_t TcpGate::bytes() const {
    return impl_->carried;
}

void TcpGate::pass() {
    impl_->order([impl = impl_.get()] {
        impl->stalled = false;
        impl->latency = milliseconds{0};
        impl->listen_again();
    });
}

void TcpGate::cut() {
    impl_->order([impl = impl_.get()] { impl->cut_all(); });
}

void TcpGate::refuse() {
    impl_->order([impl = impl_.get()] {
        stop_listening(impl->listener);
        impl->listening = false;
        impl->cut_all();
    });
}

void TcpGate::stall() {
    impl_->order([impl = impl_.get()] { impl->stalled = true; });
}

void TcpGate::delay(milliseconds each_way) {
    impl_->order([impl = impl_.get(), each_way] { impl->latency = each_way; });
}

}  // namespace aipress::testing
