// http/client.h for tests: a broken connection is an answer too, and JSON comes parsed.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.h"

namespace aipress::testing {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;          // 0: the connection broke
    std::string error = {};  // and why
    HttpHeaders headers = {};
    std::string text = {};
    boost::json::value body = nullptr;  // of JSON

    // The first of that name, without case; "" when there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    // "reason" of the error: of its ErrorInfo, else of errors[0]; "" when it is none.
    [[nodiscard]] std::string reason() const;
};

using http::form_text;

// Not thread safe.
class HttpClient {
public:
    struct Request {
        std::string verb = "GET";
        std::string url = {};
        std::string body = {};
        HttpHeaders headers = {};
    };
    // A redirect is not followed.
    [[nodiscard]] HttpAnswer send(Request const& request);

private:
    http::Client client_;
};

}  // namespace aipress::testing
