// One browser at one site: requests by the host's name, never repeated, and an author's session.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "http/client.h"

namespace aipress::drill {

struct Page {
    int status = 0;         // 0: no answer
    std::string body = {};  // or why there was none
    std::string location = {};
    std::vector<std::string> cookies = {};  // "name=value"
};

// Not thread safe.
class Browser {
public:
    Browser(std::string sites, std::string host)
        : sites_(std::move(sites)), host_(std::move(host)) {}

    [[nodiscard]] Page get(Context const& context, std::string const& target);
    [[nodiscard]] Page post(Context const& context, std::string const& target,
                            std::vector<std::pair<std::string, std::string>> const& form);
    // By WordPress's REST API. REQUIRES: log_in().
    [[nodiscard]] Page upload(Context const& context, std::string const& name,
                              std::string const& bytes);

    // The session is kept. Errors: Unauthenticated, with the step that failed.
    [[nodiscard]] Result<void> log_in(Context const& context, std::string const& user,
                                      std::string const& password);
    [[nodiscard]] bool is_logged_in() const { return !nonce_.empty(); }

private:
    [[nodiscard]] Page send(Context const& context, http::ClientRequest request);

    std::string sites_;  // HOST:PORT
    std::string host_;
    std::string cookies_;
    std::string nonce_;
    http::Client client_;
};

}  // namespace aipress::drill
