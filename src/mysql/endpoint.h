// Where a database is and how to log in:
// mysql://user:password@host:port/database?tls=required&ca=FILE
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::mysql {

enum class TlsMode {
    Disabled,  // plain text
    Required,  // encrypted, certificate not checked unless `ca` is given
    Verified,  // encrypted, certificate chain and host name checked
};

struct Endpoint {
    std::string host;
    std::uint16_t port = 3306;
    std::string user;
    std::string password;
    std::string database;  // may be empty
    TlsMode tls = TlsMode::Disabled;
    std::string tls_ca;  // PEM file, empty: the system's

    // "user@host:port/database": what may be logged, journaled and compared. Never the password.
    [[nodiscard]] std::string display() const;
};

// User, password and database may be percent-encoded. Query parameters:
// tls=disabled|required|verified, ca=FILE, password-file=FILE (its first line), password-env=NAME.
// Errors: InvalidArgument naming the part that is wrong; an unknown parameter is one.
[[nodiscard]] Result<Endpoint> parse_url(std::string_view url);

}  // namespace aipress::mysql
