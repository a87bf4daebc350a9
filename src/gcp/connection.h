// One call to a Google API: token, quota, retries, pages. The services (storage.h, …) are thin
// clients of this.
//
// What is repeated. A rate limit, "operation in progress" and a connection that was never made mean
// that nothing was done: always. After a 5xx or a lost answer it is unknown whether the call was
// carried out:
//
//     idempotent      repeated. Where it then fails with 404, 409 or 412, its own first attempt may
//                     be why: `check` tells
//     with a `check`  looked after first, and repeated when it was not carried out
//     neither         the error says that it is unknown
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "gcp/credentials.h"
#include "gcp/outcome.h"
#include "gcp/quota_broker.h"
#include "gcp/retry.h"
#include "gcp/transport.h"

namespace aipress::gcp {

using Query = std::vector<std::pair<std::string, std::string>>;

enum class Idempotent { Yes, No };

// Whether a call whose answer was lost had been carried out: what it would have answered, or
// nullopt when it was not.
using Check = std::function<Outcome<std::optional<boost::json::object>>(Context const&)>;

struct Call {
    std::string api = {};  // "storage.googleapis.com": chooses the endpoint, and what is counted
    std::string method = "GET";
    std::string path = {};  // "/storage/v1/b/media", percent-encoded
    Query query = {};       // not encoded
    std::optional<boost::json::value> body = std::nullopt;
    // Bytes in place of a body.
    std::string content = {};
    std::string content_type = {};
    http::Headers headers = {};
    // In place of path and query: a session that the API's own answer named. It has to lie on the
    // API's endpoint, for the token goes there.
    std::string session_url = {};
    // GET and HEAD always are.
    Idempotent idempotent = Idempotent::No;
    Check check = {};
    std::string quota_group = {};    // "": "read" or "mutate", by method
    std::string quota_project = {};  // charged for this call; "": ConnectionOptions'
    std::string region = {};         // where the API counts by region
};

struct ConnectionOptions {
    // By API: "storage.googleapis.com" -> "https://storage.example:8443". "" is for all others; by
    // default https:// and the API's name.
    std::map<std::string, std::string> endpoints = {};
    std::string quota_project = {};  // x-goog-user-project
    std::string user = {};           // what the quota broker tells callers apart by
    std::string user_agent = "aipress";
    RetryPolicy retry = {};
};

// Thread safe. What it is made of outlives it.
class Connection {
public:
    Connection(Transport& transport, TokenSource& tokens, QuotaBroker& quotas,
               ConnectionOptions options)
        : transport_(transport), tokens_(tokens), quotas_(quotas), options_(std::move(options)) {}

    // The JSON object that is answered; an empty one for no content. Errors: Google's, typed;
    // Unavailable or DeadlineExceeded when none came in the context's time.
    [[nodiscard]] Outcome<boost::json::object> call(Context const& context, Call const& call) const;

    // The same for what is no JSON. Statuses below 400 are answers. A check is not asked.
    [[nodiscard]] Outcome<http::ClientResponse> send(Context const& context,
                                                     Call const& call) const;

    // Every entry of every page's `field`. Errors: of the visitor; Unavailable when Google left
    // out places that it could not reach, for a list with holes is taken for a whole one.
    using Visitor = std::function<Outcome<Done>(boost::json::object const&)>;
    [[nodiscard]] Outcome<Done> for_each(Context const& context, Call call, std::string_view field,
                                         Visitor const& visit) const;

    [[nodiscard]] RetryPolicy const& retry_policy() const { return options_.retry; }
    [[nodiscard]] std::string endpoint(std::string const& api) const;

private:
    struct Answer {
        http::ClientResponse response = {};
        std::optional<boost::json::object> checked = std::nullopt;  // in place of a response
    };
    Outcome<Answer> run(Context const& context, Call const& call) const;
    Outcome<http::ClientResponse> attempt(Context const& context, Call const& call,
                                          http::ClientRequest& request) const;
    Outcome<http::ClientRequest> make_request(Call const& call) const;
    QuotaKey quota_key(Call const& call) const;

    Transport& transport_;
    TokenSource& tokens_;
    QuotaBroker& quotas_;
    ConnectionOptions const options_;
};

}  // namespace aipress::gcp
