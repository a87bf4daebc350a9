// A sandbox whose Cloud Run serves real sites, and the means to deploy and to visit them.
#pragma once

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>

#include "http/base64.h"
#include "sandbox/run/web_server.h"
#include "testing/database_server.h"
#include "testing/sandbox_host.h"

namespace aipress::testing {

inline constexpr auto* kServicesPath =
    "/v2/projects/sandbox-project/locations/us-central1/services";
inline constexpr auto* kWordPressImage = "us-docker.pkg.dev/p/sites/wordpress:6";
inline constexpr auto* kForm = "application/x-www-form-urlencoded";
inline constexpr milliseconds kPatience{20'000};

// The name of a process and its parent: proc(5).
struct ProcessState {
    std::string title;
    pid_t parent = 0;
};
inline ProcessState state_of(std::filesystem::path const& folder) {
    ProcessState state;
    std::ostringstream title;
    title << std::ifstream(folder / "cmdline").rdbuf();
    state.title = title.str();
    std::ostringstream stat;
    stat << std::ifstream(folder / "stat").rdbuf();
    auto const text = stat.str();
    auto const end = text.rfind(')');
    if (end != text.npos) std::istringstream(text.substr(end + 3)) >> state.parent;
    return state;
}

// Processes of nginx and php-fpm below this one whose title has the text.
inline int processes(std::string const& text) {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
        if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        auto const state = state_of(entry.path());
        if (state.title.find(text) == std::string::npos) continue;
        auto const grandparent = state_of("/proc/" + std::to_string(state.parent)).parent;
        if (state.parent == getpid() || grandparent == getpid()) ++count;
    }
    return count;
}

class ServedSitesTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto const programs = sandbox::run::find_web_programs();
        if (!programs.ok()) GTEST_SKIP() << programs.error().message();
        host_.emplace(clock_, sandbox::SandboxOptions{.run_idle_time = milliseconds(1000)});
    }
    void TearDown() override {
        host_.reset();
        EXPECT_EQ(processes("nginx:"), 0);
        EXPECT_EQ(processes("php-fpm:"), 0);
    }

    static boost::json::object template_of(boost::json::array environment,
                                           boost::json::object more = {}) {
        more["containers"] = boost::json::array{
            boost::json::object{{"image", kWordPressImage}, {"env", std::move(environment)}}};
        return boost::json::object{{"template", std::move(more)}};
    }
    boost::json::value change(std::string const& verb, std::string const& path,
                              boost::json::value const& body) {
        auto const started = host_->call(verb, path, boost::json::serialize(body),
                                         {{"Content-Type", "application/json"}});
        EXPECT_EQ(started.status, 200) << started.text;
        auto operation = host_->get("/v2/" + std::string(started.body.at("name").as_string())).body;
        EXPECT_TRUE(operation.as_object().contains("response"))
            << boost::json::serialize(operation);
        return operation;
    }
    // Returns the service's host.
    std::string deploy(std::string const& name, boost::json::object const& service) {
        change("POST", fmt::format("{}?serviceId={}", kServicesPath, name), service);
        auto const uri = host_->get(fmt::format("{}/{}", kServicesPath, name)).body.at("uri");
        return std::string(uri.as_string()).substr(std::string("https://").size());
    }
    HttpAnswer ask(std::string const& host, std::string const& verb, std::string const& path,
                   std::string body = "", std::string const& type = kForm) {
        return client_.send(
            {.verb = verb,
             .url = fmt::format("http://127.0.0.1:{}{}", host_->sandbox().web_port(), path),
             .body = std::move(body),
             .headers = {{"Host", host}, {"Content-Type", type}}});
    }
    HttpAnswer visit(std::string const& host, std::string const& path) {
        return ask(host, "GET", path);
    }
    bool eventually(std::function<bool()> const& holds) {
        auto const deadline = Deadline::after(clock_, kPatience);
        while (!holds()) {
            if (deadline.passed(clock_)) return false;
            clock_.sleep_for(milliseconds(10), {});
        }
        return true;
    }

    SystemClock clock_;
    HttpClient client_;
    std::optional<SandboxHost> host_;
};

class WordPressSiteTest : public ServedSitesTest {
protected:
    void SetUp() override {
        ServedSitesTest::SetUp();
        if (IsSkipped()) return;
        auto started = DatabaseServer::start({});
        if (!started.ok()) GTEST_SKIP() << started.error().message();
        database_.emplace(started.release());
        database_->execute("CREATE DATABASE wp");
        database_->execute("CREATE USER 'wp'@'%' IDENTIFIED BY 'a$b\"c''d'");
        database_->execute("GRANT ALL ON wp.* TO 'wp'@'%'");
        // The password is a secret, and not a simple one.
        auto const secrets = std::string("/v1/projects/sandbox-project/secrets");
        host_->post(secrets + "?secretId=db",
                    {{"replication", {{"automatic", boost::json::object()}}}});
        host_->post(secrets + "/db:addVersion",
                    {{"payload", {{"data", http::encode_base64("a$b\"c'd")}}}});
    }
    void TearDown() override {
        ServedSitesTest::TearDown();
        database_.reset();
    }
    [[nodiscard]] boost::json::array environment() const {
        return {boost::json::object{{"name", "DB_HOST"},
                                    {"value", fmt::format("127.0.0.1:{}", database_->port())}},
                boost::json::object{{"name", "DB_NAME"}, {"value", "wp"}},
                boost::json::object{{"name", "DB_USER"}, {"value", "wp"}},
                boost::json::object{{"name", "DB_PASSWORD"},
                                    {"valueSource", {{"secretKeyRef", {{"secret", "db"}}}}}}};
    }
    // By WordPress's own page.
    void install(std::string const& host) {
        auto const installed = ask(host, "POST", "/wp-admin/install.php?step=2",
                                   form_text({{"weblog_title", "Sandbox Gazette"},
                                              {"user_name", "admin"},
                                              {"admin_password", "secret-of-admin"},
                                              {"admin_password2", "secret-of-admin"},
                                              {"pw_weak", "on"},
                                              {"admin_email", "admin@example.test"},
                                              {"blog_public", "0"}}));
        ASSERT_EQ(installed.status, 200);
        ASSERT_THAT(installed.text, ::testing::HasSubstr("Success!"));
        database_->execute(
            "UPDATE wp.wp_options SET option_value='0' WHERE option_name IN "
            "('comment_previously_approved','comment_moderation','comments_notify')");
    }

    std::optional<DatabaseServer> database_;
};

}  // namespace aipress::testing
