// A small stand-in for ProxySQL's admin interface: the MySQL protocol (handshake 10,
// mysql_native_password, text results) in front of SQLite tables of ProxySQL's own shape, with LOAD
// and SAVE between its three layers. As ProxySQL, it knows no prepared statements, and has
// passwords hashed at runtime; stricter than it, it takes no SET at all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace aipress::testing {

// Thread safe. Listens on 127.0.0.1 until it is destroyed.
class ProxySqlStandIn {
public:
    // Throws when it cannot be started.
    ProxySqlStandIn(std::string user, std::string password);
    ProxySqlStandIn(ProxySqlStandIn const&) = delete;
    ProxySqlStandIn& operator=(ProxySqlStandIn const&) = delete;
    ~ProxySqlStandIn();

    [[nodiscard]] std::uint16_t port() const;
    // Everything that was asked so far, in its order.
    [[nodiscard]] std::vector<std::string> statements() const;
    // The n-th statement from now on (1: the next), and all behind it, end the connection
    // unanswered; 0: none.
    void break_off_at(unsigned n);
    // As an administrator would, on any layer. Throws on an error.
    void run(std::string const& sql);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing
