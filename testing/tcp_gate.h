// A bad network between a client and a server on the loopback: a TCP proxy on a free port that
// passes bytes until it is told to do worse.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace aipress::testing {

// Thread safe. A change is in force when its call returns.
class TcpGate {
public:
    // In front of a server on the loopback; passing. Errors: InvalidArgument for what is no IPv4
    // address.
    [[nodiscard]] static Result<TcpGate> open(std::uint16_t server_port,
                                              std::string const& server = "127.0.0.1");
    TcpGate(TcpGate&&) noexcept;
    TcpGate& operator=(TcpGate&&) noexcept;
    ~TcpGate();  // resets what is open

    [[nodiscard]] std::uint16_t port() const;
    // Connections open through the gate now.
    [[nodiscard]] std::size_t connections() const;
    // Bytes carried since the start, both ways.
    [[nodiscard]] std::uint64_t bytes() const;

    // All is well again: ends refuse(), stall() and delay(). What was held is then sent.
    void pass();
    // Resets (RST) both sides of every open connection, once; new ones are let through.
    void cut();
    // cut(), and new connections are refused until pass().
    void refuse();
    // Half open: nothing is closed and no byte passes, in new connections neither, until pass().
    void stall();
    // Every byte arrives that much later than it was sent, each way.
    void delay(milliseconds each_way);

private:
    struct Impl;
    explicit TcpGate(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing
