#include "testing/stand_in_site.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "http/client.h"
#include "testing/must.h"

namespace aipress::testing {
namespace {

namespace json = boost::json;
using Look = StandInSite::Look;

http::Response text(int status, std::string type, std::string body) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", std::move(type));
    response.body = std::move(body);
    return response;
}

http::Response html(std::string const& body) {
    return text(200, "text/html; charset=UTF-8",
                fmt::format("<!DOCTYPE html>\n<html>{}</html>\n", body));
}

http::Response redirect(std::string to) {
    auto response = text(302, "text/html", "");
    response.headers.set("Location", std::move(to));
    return response;
}

class Answer {
public:
    Answer(Look const& look, http::Request const& request)
        : look_(look),
          request_(request),
          home_(look.home.empty() ? "http://" + request.authority : look.home) {}

    http::Response page(std::string const& body) const {
        auto const& path = request_.path;
        if (request_.parameter("rest_route")) {
            return rest(std::string(*request_.parameter("rest_route")));
        }
        if (path.starts_with("/wp-json/") && look_.permalinks == Look::Permalinks::Pretty) {
            return rest(path.substr(8));
        }
        bool const is_post = look_.permalinks == Look::Permalinks::Pretty
                                 ? path == "/hello/"
                                 : bool(request_.parameter("p"));
        if (path == "/" || is_post) {
            return html(fmt::format("<link href='{}/wp-content/themes/{}/style.css'>{}", home_,
                                    look_.theme, look_.title));
        }
        if (path == "/wp-content/uploads/a.png") return text(200, "image/png", look_.media);
        if (path == "/wp-cron.php") return text(200, "text/html", "");
        if (path == "/wp-login.php") return login(body);
        if (path == "/wp-admin/") return dashboard();
        return text(404, "text/html", "<html>Not found</html>");
    }

private:
    std::string link() const {
        return home_ + (look_.permalinks == Look::Permalinks::Pretty ? "/hello/" : "/?p=1");
    }
    static http::Response listed(std::uint64_t total, json::object first) {
        json::array list;
        if (total > 0) list.push_back(std::move(first));
        auto response = text(200, "application/json", json::serialize(list));
        response.headers.set("X-WP-Total", fmt::format("{}", total));
        return response;
    }
    http::Response rest(std::string const& route) const {
        if (look_.api == Look::Api::Hidden) {
            return text(401, "application/json", R"({"code":"rest_forbidden"})");
        }
        if (route == "/") {
            return text(200, "application/json",
                        json::serialize(json::object{{"name", look_.title},
                                                     {"description", "Just another shop"},
                                                     {"home", home_},
                                                     {"namespaces", json::array{"wp/v2"}}}));
        }
        if (route == "/wp/v2/posts") return listed(look_.posts, {{"id", 1}, {"link", link()}});
        if (route == "/wp/v2/comments") return listed(look_.comments, {{"id", 1}});
        if (route == "/wp/v2/pages") return listed(2, {{"id", 2}});
        if (route == "/wp/v2/media") {
            return listed(1, {{"source_url", home_ + "/wp-content/uploads/a.png"},
                              {"media_details", json::object{{"filesize", 12}}}});
        }
        return text(404, "application/json", R"({"code":"rest_no_route"})");
    }
    // As the cookie's name is made of siteurl, its value of the salts.
    std::string cookie() const {
        return fmt::format("wordpress_logged_in_{}={}%7C{}",
                           std::hash<std::string>()(request_.authority), look_.user, look_.salt);
    }
    http::Response login(std::string const& body) const {
        static constexpr auto kForm = "<form id=\"loginform\"></form>";
        if (request_.method != "POST") return html(kForm);
        std::string user;
        std::string password;
        for (auto const& [name, value] : http::parse_query(body)) {
            if (name == "log") user = value;
            if (name == "pwd") password = value;
        }
        if (user != look_.user || password != look_.password) {
            return html(fmt::format("<div id=\"login_error\">wrong</div>{}", kForm));
        }
        auto response = redirect(home_ + "/wp-admin/");
        response.headers.add("Set-Cookie", "wordpress_test_cookie=WP%20Cookie%20check; path=/");
        response.headers.add("Set-Cookie", cookie() + "; path=/; HttpOnly");
        response.headers.add("Set-Cookie", "wordpress_sec_0=%20; expires=Thu, 01 Jan 1970");
        return response;
    }
    http::Response dashboard() const {
        auto const cookies = request_.headers.find("Cookie").value_or("");
        if (cookies.find(cookie()) != cookies.npos) return html("<div id=\"wpadminbar\"></div>");
        return redirect(home_ + "/wp-login.php?redirect_to=x&reauth=1");
    }

    Look const& look_;
    http::Request const& request_;
    std::string home_;
};

}  // namespace

StandInSite::StandInSite() {
    server_.emplace(must(http::Server::start(
        {}, nullptr, [this](auto const& request, auto& body) { return answer(request, body); })));
}

void StandInSite::change(std::function<void(Look&)> const& how) {
    std::lock_guard const lock(mutex_);
    how(look_);
}

void StandInSite::set_fault(Fault fault) {
    std::lock_guard const lock(mutex_);
    fault_ = std::move(fault);
}

std::string StandInSite::address() const {
    return fmt::format("127.0.0.1:{}", server_->port());
}

std::uint64_t StandInSite::requests() const {
    std::lock_guard const lock(mutex_);
    return requests_;
}

http::Response StandInSite::no_database(int status) {
    return text(status, "text/html; charset=utf-8",
                "<!DOCTYPE html>\n<html><body id=\"error-page\"><div class=\"wp-die-message\">"
                "<h1>Error establishing a database connection</h1></div></body></html>");
}

http::Response StandInSite::answer(http::Request const& request, http::BodyReader& body) {
    auto const sent = body.read_all(1u << 20);
    std::lock_guard const lock(mutex_);
    ++requests_;
    if (fault_) {
        if (auto response = fault_(request)) return std::move(*response);
    }
    return Answer(look_, request).page(sent.ok() ? sent.value() : "");
}

}  // namespace aipress::testing
