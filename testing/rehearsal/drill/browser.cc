#include "testing/rehearsal/drill/browser.h"

#include <fmt/format.h>

namespace aipress::drill {
namespace {

constexpr milliseconds kPatience{20'000};  // of a visitor

}  // namespace

Page Browser::send(Context const& context, http::ClientRequest request) {
    request.url = fmt::format("http://{}{}", sites_, request.url);
    request.sending = http::ClientRequest::Sending::Once;
    request.headers.set("Host", host_);
    if (!cookies_.empty()) request.headers.set("Cookie", cookies_);
    auto answer = client_.send(context.within(kPatience), request);
    if (!answer.ok()) {
        bool const is_late = answer.error().code() == ErrorCode::DeadlineExceeded;
        return {.body = is_late ? "no answer in time" : "the connection broke"};
    }
    Page page{.status = answer->status, .body = std::move(answer->body)};
    for (auto const& [name, value] : answer->headers.fields()) {
        if (http::equal_ignoring_case(name, "Set-Cookie"))
            page.cookies.push_back(value.substr(0, value.find(';')));
        if (http::equal_ignoring_case(name, "Location")) page.location = value;
    }
    return page;
}

Page Browser::get(Context const& context, std::string const& target) {
    return send(context, {.url = target});
}

Page Browser::post(Context const& context, std::string const& target,
                   std::vector<std::pair<std::string, std::string>> const& form) {
    http::ClientRequest request{.method = "POST", .url = target, .body = http::form_text(form)};
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    return send(context, std::move(request));
}

Page Browser::upload(Context const& context, std::string const& name, std::string const& bytes) {
    http::ClientRequest request{
        .method = "POST", .url = "/wp-json/wp/v2/media?_fields=id,source_url", .body = bytes};
    request.headers.set("Content-Type", "text/plain");
    request.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
    request.headers.set("X-WP-Nonce", nonce_);
    return send(context, std::move(request));
}

Result<void> Browser::log_in(Context const& context, std::string const& user,
                             std::string const& password) {
    cookies_ = "wordpress_test_cookie=WP%20Cookie%20check";
    nonce_.clear();
    auto const page =
        post(context, "/wp-login.php",
             {{"log", user}, {"pwd", password}, {"wp-submit", "Log In"}, {"testcookie", "1"}});
    if (page.status != 302)
        return Error(ErrorCode::Unauthenticated, fmt::format("login: status {}", page.status));
    for (auto const& cookie : page.cookies)
        if (!cookie.starts_with("wordpress_test_cookie")) cookies_ += "; " + cookie;
    auto const nonce = get(context, "/wp-admin/admin-ajax.php?action=rest-nonce");
    if (nonce.status != 200 || nonce.body.empty() || nonce.body.size() > 32)
        return Error(ErrorCode::Unauthenticated, fmt::format("nonce: status {}", nonce.status));
    nonce_ = nonce.body;
    return {};
}

}  // namespace aipress::drill
