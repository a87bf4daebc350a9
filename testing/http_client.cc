#include "testing/http_client.h"

#include <boost/json/parse.hpp>
#include <strings.h>

#include "base/clock.h"

namespace aipress::testing {
namespace {

namespace json = boost::json;

constexpr milliseconds kTimeout{120'000};

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) {
            return value;
        }
    }
    return "";
}

std::string HttpAnswer::reason() const {
    boost::system::error_code failure;
    auto const* found = body.find_pointer("/error/details/0/reason", failure);
    if (found == nullptr) found = body.find_pointer("/error/errors/0/reason", failure);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

HttpAnswer HttpClient::send(Request const& request) {
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, kTimeout), {});
    http::ClientRequest sent{.method = request.verb,
                             .url = request.url,
                             .body = request.body,
                             .sending = http::ClientRequest::Sending::Once};
    for (auto const& [name, value] : request.headers) sent.headers.add(name, value);
    auto got = client_.send(context, sent);
    HttpAnswer answer;
    if (!got.ok()) {
        answer.error = got.error().message();
        return answer;
    }
    auto response = got.release();
    answer.status = response.status;
    answer.headers = response.headers.fields();
    answer.text = std::move(response.body);
    boost::system::error_code failure;
    if (answer.header("Content-Type").starts_with("application/json") &&
        answer.header("Content-Encoding").empty()) {
        answer.body = json::parse(answer.text, failure);
    }
    return answer;
}

}  // namespace aipress::testing
