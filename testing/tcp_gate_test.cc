#include "testing/tcp_gate.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>

#include "base/file_descriptor.h"
#include "testing/status_matchers.h"

namespace aipress::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

// A client that says so is done.
constexpr char kEndNow = '\4';

// Sends back what it gets.
class EchoServer {
public:
    EchoServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        (void)::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_.get(), 16);
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~EchoServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void serve() {
        std::vector<std::jthread> clients;
        while (true) {
            int const fd = ::accept(listener_.get(), nullptr, nullptr);
            if (fd < 0) return;
            clients.emplace_back([client = FileDescriptor(fd)] {
                std::array<char, 4096> buffer{};
                while (true) {
                    ssize_t const got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
                    if (got <= 0 || buffer[0] == kEndNow) return;
                    ::send(client.get(), buffer.data(), static_cast<std::size_t>(got),
                           MSG_NOSIGNAL);
                }
            });
        }
    }

    FileDescriptor listener_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

class TcpGateTest : public ::testing::Test {
protected:
    // Invalid, with errno, when refused.
    [[nodiscard]] FileDescriptor connect() const {
        FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        timeval const limit{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in const address = loopback(gate_.port());
        if (::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
            return FileDescriptor();
        return fd;
    }
    static void say(FileDescriptor const& fd, std::string const& text) {
        EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // "" at the end, "!" on a reset.
    static std::string hear(FileDescriptor const& fd, std::size_t size) {
        std::string text(size, '\0');
        ssize_t const got = ::recv(fd.get(), text.data(), size, MSG_WAITALL);
        if (got < 0) return errno == ECONNRESET ? "!" : "?";
        text.resize(static_cast<std::size_t>(got));
        return text;
    }
    static bool silent(FileDescriptor const& fd, int for_ms) {
        pollfd watched{fd.get(), POLLIN, 0};
        return ::poll(&watched, 1, for_ms) == 0;
    }

    EchoServer server_;
    TcpGate gate_ = must(TcpGate::open(server_.port()));
};

TEST_F(TcpGateTest, PassesBothWaysAndCloses) {
    auto const client = connect();
    std::string const much(300'000, 'x');
    std::jthread const writer([&] { say(client, much); });
    EXPECT_EQ(hear(client, much.size()), much);
    EXPECT_EQ(gate_.connections(), 1U);
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(hear(client, 1), "");
    EXPECT_EQ(gate_.bytes(), 2 * much.size());
}

TEST_F(TcpGateTest, CutResetsOnceAndLetsNewOnesIn) {
    auto const client = connect();
    say(client, "a");
    EXPECT_EQ(hear(client, 1), "a");
    gate_.cut();
    EXPECT_EQ(gate_.connections(), 0U);
    EXPECT_EQ(hear(client, 1), "!");
    auto const again = connect();
    say(again, "b");
    EXPECT_EQ(hear(again, 1), "b");
}

TEST_F(TcpGateTest, RefusesUntilItPasses) {
    auto const client = connect();
    say(client, "a");
    EXPECT_EQ(hear(client, 1), "a");
    gate_.refuse();
    EXPECT_EQ(hear(client, 1), "!");
    EXPECT_FALSE(connect().valid());
    EXPECT_EQ(errno, ECONNREFUSED);
    EXPECT_FALSE(connect().valid());
    gate_.pass();
    auto const again = connect();
    ASSERT_TRUE(again.valid());
    say(again, "b");
    EXPECT_EQ(hear(again, 1), "b");
}

// What the server ends first lingers in the kernel (TIME_WAIT): the gate once never listened again.
TEST_F(TcpGateTest, PassesAgainAfterAConnectionThatTheServerEnded) {
    auto const client = connect();
    say(client, std::string(1, kEndNow));
    EXPECT_EQ(hear(client, 1), "");
    ::shutdown(client.get(), SHUT_WR);
    while (gate_.connections() > 0) std::this_thread::yield();
    for (int i = 0; i < 2; ++i) {
        gate_.refuse();
        EXPECT_FALSE(connect().valid());
        gate_.pass();
        auto const again = connect();
        ASSERT_TRUE(again.valid());
        say(again, "b");
        EXPECT_EQ(hear(again, 1), "b");
    }
}

TEST_F(TcpGateTest, NobodyTakesThePortWhileItRefuses) {
    gate_.refuse();
    FileDescriptor const thief(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int const on = 1;
    ::setsockopt(thief.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in const address = loopback(gate_.port());
    EXPECT_NE(::bind(thief.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
    EXPECT_EQ(errno, EADDRINUSE);
}

TEST_F(TcpGateTest, StallHoldsBytesAndKeepsConnections) {
    auto const client = connect();
    say(client, "a");
    EXPECT_EQ(hear(client, 1), "a");
    gate_.stall();
    say(client, "b");
    auto const late = connect();
    ASSERT_TRUE(late.valid());
    say(late, "c");
    EXPECT_TRUE(silent(client, 100));
    EXPECT_TRUE(silent(late, 1));
    gate_.pass();
    EXPECT_EQ(hear(client, 1), "b");
    EXPECT_EQ(hear(late, 1), "c");
}

TEST_F(TcpGateTest, DelayIsPaidEachWay) {
    auto const client = connect();
    say(client, "a");
    EXPECT_EQ(hear(client, 1), "a");
    gate_.delay(milliseconds{60});
    auto const before = std::chrono::steady_clock::now();
    say(client, "b");
    EXPECT_EQ(hear(client, 1), "b");
    EXPECT_GE(elapsed_ms(before, std::chrono::steady_clock::now()), milliseconds{120});
}

}  // namespace
}  // namespace aipress::testing
