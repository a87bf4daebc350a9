#include "testing/rehearsal/http_visit.h"

namespace aipress::rehearsal {

Page Browser::open(testing::HttpClient::Request const& request) {
    auto const began = std::chrono::steady_clock::now();
    auto answer = client_.send(request);
    return {.status = answer.status,
            .error = std::move(answer.error),
            .body = std::move(answer.text),
            .location = answer.header("Location"),
            .database = answer.header("X-Database"),
            .took = elapsed_ms(began, std::chrono::steady_clock::now())};
}

Page Browser::get(std::string const& url) {
    return open({.url = url});
}

Page Browser::post(std::string const& url,
                   std::vector<std::pair<std::string, std::string>> const& form) {
    return open({.verb = "POST", .url = url, .body = testing::form_text(form)});
}

}  // namespace aipress::rehearsal
