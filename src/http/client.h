// One HTTP/1.1 request after another, on a kept connection. No retries and no redirects: both are
// the caller's to decide. The only place that sees libcurl.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "http/headers.h"

namespace aipress::http {

struct ClientRequest {
    std::string method = "GET";
    std::string url = {};
    Headers headers = {};
    std::string body = {};
    // A kept connection that broke before the first byte of an answer is silently replaced and the
    // request sent again; Once: never, for the server may have done it already.
    enum class Sending { AgainOnFreshConnection, Once };
    Sending sending = Sending::AgainOnFreshConnection;
};

struct ClientResponse {
    int status = 0;
    Headers headers = {};
    std::string body = {};
};

// Not thread safe. The environment's proxies are not used.
class Client {
public:
    Client();
    Client(Client&&) noexcept;
    ~Client();

    // Any status is an answer. Errors: Unavailable when there is no connection or it breaks (the
    // server may have done what was asked), DeadlineExceeded, Cancelled, ResourceExhausted for a
    // body of more than limits::kAnswerBytes.
    [[nodiscard]] Result<ClientResponse> send(Context const& context, ClientRequest const& request);
    // Whether any of the last request may have reached the server; false: it certainly did not.
    [[nodiscard]] bool was_sent() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// "a%2Fb%20c": all but unreserved characters (RFC 3986) encoded, for one segment or value.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// application/x-www-form-urlencoded
[[nodiscard]] std::string form_text(std::vector<std::pair<std::string, std::string>> const& fields);

}  // namespace aipress::http
