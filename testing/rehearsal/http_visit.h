// One request after another as a browser makes them, on a kept connection. No retries: a visitor
// who sees an error has seen it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "testing/http_client.h"

namespace aipress::rehearsal {

struct Page {
    int status = 0;     // 0: transport error
    std::string error;  // of the transport
    std::string body;
    std::string location;  // of a redirect, which is not followed
    std::string database;  // X-Database: which server WordPress was going to ask
    milliseconds took{0};
};

// Not thread safe.
class Browser {
public:
    [[nodiscard]] Page get(std::string const& url);
    [[nodiscard]] Page post(std::string const& url,
                            std::vector<std::pair<std::string, std::string>> const& form);

private:
    Page open(testing::HttpClient::Request const& request);

    testing::HttpClient client_;
};

}  // namespace aipress::rehearsal
