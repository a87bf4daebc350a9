// One HTTP request after another on a kept connection. No retries: what broke is the caller's to
// see. The only place of the tests that sees libcurl.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// application/x-www-form-urlencoded
[[nodiscard]] std::string form_text(std::vector<std::pair<std::string, std::string>> const& form);

// Not thread safe.
class HttpClient {
public:
    HttpClient();
    HttpClient(HttpClient&&) noexcept;
    ~HttpClient();

    struct Request {
        std::string verb = "GET";
        std::string url = {};
        std::string body = {};
        HttpHeaders headers = {};
    };
    // A redirect is not followed.
    [[nodiscard]] HttpAnswer send(Request const& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing
