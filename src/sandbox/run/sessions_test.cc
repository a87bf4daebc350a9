// Who has logged in at a site stays so: its keys are WordPress's own, in the database.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "testing/served_sites.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;
using aipress::testing::form_text;
using aipress::testing::HttpAnswer;
using aipress::testing::kForm;
using aipress::testing::kServicesPath;
using aipress::testing::WordPressSiteTest;
using ::testing::HasSubstr;

class RunSessionsTest : public WordPressSiteTest {
protected:
    HttpAnswer ask_as(std::string const& cookies, std::string const& host, std::string const& verb,
                      std::string const& path, std::string body = "") {
        return client_.send(
            {.verb = verb,
             .url = fmt::format("http://127.0.0.1:{}{}", host_->sandbox().web_port(), path),
             .body = std::move(body),
             .headers = {{"Host", host}, {"Content-Type", kForm}, {"Cookie", cookies}}});
    }
    // The cookies of the session; "" when it is refused.
    std::string log_in(std::string const& host) {
        auto const answer =
            ask_as("wordpress_test_cookie=WP%20Cookie%20check", host, "POST", "/wp-login.php",
                   form_text({{"log", "admin"},
                              {"pwd", "secret-of-admin"},
                              {"testcookie", "1"},
                              {"wp-submit", "Log In"}}));
        if (answer.status != 302) return "";
        std::string cookies;
        for (auto const& [name, value] : answer.headers) {
            if (name != "set-cookie" && name != "Set-Cookie") continue;
            cookies += (cookies.empty() ? "" : "; ") + value.substr(0, value.find(';'));
        }
        return cookies;
    }
    bool is_logged_in(std::string const& cookies, std::string const& host) {
        auto const answer = ask_as(cookies, host, "GET", "/wp-admin/profile.php");
        if (answer.status == 302) return false;  // to the login
        EXPECT_EQ(answer.status, 200);
        EXPECT_THAT(answer.text, HasSubstr("Profile"));
        return true;
    }
};

TEST_F(RunSessionsTest, ASessionSurvivesANewPasswordOfTheDatabase) {
    auto const path = fmt::format("{}/shop", kServicesPath);
    auto const host = deploy("shop", template_of(environment()));
    ASSERT_NO_FATAL_FAILURE(install(host));
    auto const cookies = log_in(host);
    ASSERT_NE(cookies, "");
    EXPECT_TRUE(is_logged_in(cookies, host));
    EXPECT_FALSE(is_logged_in("", host));

    database_->execute("ALTER USER 'wp'@'%' IDENTIFIED BY 'another'");
    host_->post("/v1/projects/sandbox-project/secrets/db:addVersion",
                {{"payload", {{"data", http::encode_base64("another")}}}});
    auto variables = environment();
    variables.push_back(json::object{{"name", "AGAIN"}, {"value", "1"}});
    change("PATCH", path, template_of(variables));
    EXPECT_TRUE(is_logged_in(cookies, host));

    // What the environment sets is obeyed: other keys end it.
    variables.push_back(json::object{{"name", "LOGGED_IN_KEY"}, {"value", "of the environment"}});
    variables.push_back(json::object{{"name", "WORDPRESS_AUTH_KEY"}, {"value", "of the image's"}});
    change("PATCH", path, template_of(variables));
    EXPECT_FALSE(is_logged_in(cookies, host));
    auto const again = log_in(host);
    EXPECT_TRUE(is_logged_in(again, host));
}

}  // namespace
}  // namespace aipress::sandbox::run
