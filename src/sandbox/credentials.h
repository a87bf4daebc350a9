// Who asks, and the tokens that say so.
//
// Any bearer token is taken: the sandbox has no secret worth guarding, and operators' clients hold
// tokens of their own. One that this server gave is known by name, and refused once it is past its
// time: so that a client's renewal is put to the test.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "base/clock.h"
#include "http/request.h"
#include "http/response.h"
#include "sandbox/outcome.h"

namespace aipress::sandbox {

// Thread safe. The clock outlives it.
class Credentials {
public:
    explicit Credentials(Clock& clock) : clock_(clock), random_(std::random_device{}()) {}

    // The e-mail address behind the request's token; "" when it brings none. Errors:
    // Unauthenticated when the token is past its time.
    [[nodiscard]] Outcome<std::string> principal_of(http::Request const& request);

    // The token endpoints: RFC 6749 and RFC 7523 (`/token`, `/oauth2/v4/token`), and the metadata
    // server's. nullopt: it is not for one of them.
    [[nodiscard]] std::optional<http::Response> answer(http::Request const& request,
                                                       http::BodyReader& body);

    // A new token of this principal's, good for `lifetime`.
    [[nodiscard]] std::string issue(std::string principal, milliseconds lifetime);

private:
    struct Token {
        std::string principal;
        SteadyTime until;
    };
    http::Response grant(http::BodyReader& body);
    http::Response metadata(http::Request const& request);

    Clock& clock_;
    std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace aipress::sandbox
