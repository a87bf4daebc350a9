#include "sites/session.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "sites/limits.h"
#include "sites/page_faults.h"

namespace aipress::sites {
namespace {

constexpr std::string_view kTestCookie = "wordpress_test_cookie=WP%20Cookie%20check";
constexpr std::string_view kLoggedIn = "wordpress_logged_in_";

// Name and value of each cookie that is set; paths and ages do not matter within one session.
std::map<std::string, std::string, std::less<>> cookies_of(Page const& page) {
    std::map<std::string, std::string, std::less<>> cookies;
    for (auto const& [name, value] : page.headers.fields()) {
        if (!http::equal_ignoring_case(name, "Set-Cookie")) continue;
        auto const pair = std::string_view(value).substr(0, value.find(';'));
        auto const equals = pair.find('=');
        if (equals == pair.npos || equals == 0 || value.size() > limits::kCookieBytes) continue;
        // WordPress deletes one by setting it to a blank.
        auto const content = pair.substr(equals + 1);
        if (content.empty() || content == "+" || content == "%20") continue;
        if (cookies.size() < limits::kCookies) {
            cookies[std::string(pair.substr(0, equals))] = content;
        }
    }
    return cookies;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

Error no_login(std::string_view host, std::string_view what) {
    return {ErrorCode::FailedPrecondition, fmt::format("logging in at {}: {}", host, what)};
}

}  // namespace

Result<Session> open_session(Context const& context, Visitor& visitor, Login const& login) {
    auto const& host = visitor.way().host;
    auto const page = TRY(visitor.post(context, "/wp-login.php",
                                       {{"log", login.user},
                                        {"pwd", login.password},
                                        {"wp-submit", "Log In"},
                                        {"testcookie", "1"}},
                                       {{"Cookie", std::string(kTestCookie)}}));
    if (auto const fault = find_fault(page, PageKind::Login)) return no_login(host, fault->what);
    auto const cookies = cookies_of(page);
    bool const is_in = std::any_of(cookies.begin(), cookies.end(), [](auto const& cookie) {
        return cookie.first.starts_with(kLoggedIn);
    });
    if (is_in) {
        Session session{.cookies = std::string(kTestCookie)};
        for (auto const& [name, value] : cookies) {
            if (name != "wordpress_test_cookie") {
                session.cookies += fmt::format("; {}={}", name, value);
            }
        }
        return session;
    }
    if (page.status == 200 && has(page.body, "id=\"login_error\"")) {
        return Error(ErrorCode::Unauthenticated,
                     fmt::format("{} refuses the user's name or password", host));
    }
    return no_login(host, fmt::format("status {}, and no session; does a plugin replace the login?",
                                      page.status));
}

Result<SessionCheck> session_is_valid(Context const& context, Visitor& visitor,
                                      Session const& session) {
    auto const page = TRY(visitor.get(context, "/wp-admin/", {{"Cookie", session.cookies}}));
    using State = SessionCheck::State;
    if (auto const fault = find_fault(page, PageKind::Front)) {
        return SessionCheck{State::Unclear, fault->what};
    }
    if (page.status == 200 && has(page.body, "id=\"wpadminbar\"")) {
        return SessionCheck{State::Valid, "the dashboard is shown"};
    }
    auto const to = url_parts(page.headers.find("Location").value_or("")).target;
    if (page.status / 100 == 3 && has(to, "wp-login.php")) {
        return SessionCheck{State::LoggedOut, "the site asks to log in"};
    }
    if (page.status / 100 == 3 && has(to, "upgrade.php")) {
        return SessionCheck{State::Unclear,
                            "WordPress wants to upgrade its database: the program is newer"};
    }
    return SessionCheck{State::Unclear, fmt::format("status {}, and no dashboard", page.status)};
}

}  // namespace aipress::sites
