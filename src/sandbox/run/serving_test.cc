// Debian's WordPress on nginx and php-fpm, served for what Cloud Run's API has been told.
#include "sandbox/run/serving.h"

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <sstream>
#include <unistd.h>

#include "http/base64.h"
#include "sandbox/run/resources.h"
#include "testing/database_server.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using aipress::testing::DatabaseServer;
using aipress::testing::form_text;
using aipress::testing::HttpAnswer;
using aipress::testing::HttpClient;
using aipress::testing::SandboxHost;
using ::testing::HasSubstr;

constexpr auto* kServices = "/v2/projects/sandbox-project/locations/us-central1/services";
constexpr auto* kImage = "us-docker.pkg.dev/p/sites/wordpress:6";
constexpr auto* kForm = "application/x-www-form-urlencoded";
constexpr milliseconds kPatience{20'000};

// The name of a process and its parent: proc(5).
struct ProcessState {
    std::string title;
    pid_t parent = 0;
};
ProcessState state_of(fs::path const& folder) {
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
int processes(std::string const& text) {
    int count = 0;
    for (auto const& entry : fs::directory_iterator("/proc")) {
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

class RunServingTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto const programs = find_web_programs();
        if (!programs.ok()) GTEST_SKIP() << programs.error().message();
        host_.emplace(clock_, SandboxOptions{.run_idle_time = milliseconds(1000)});
    }
    void TearDown() override {
        host_.reset();
        EXPECT_EQ(processes("nginx:"), 0);
        EXPECT_EQ(processes("php-fpm:"), 0);
    }

    static json::object template_of(json::array environment, json::object more = {}) {
        more["containers"] =
            json::array{json::object{{"image", kImage}, {"env", std::move(environment)}}};
        return json::object{{"template", std::move(more)}};
    }
    json::value change(std::string const& verb, std::string const& path, json::value const& body) {
        auto const started =
            host_->call(verb, path, json::serialize(body), {{"Content-Type", "application/json"}});
        EXPECT_EQ(started.status, 200) << started.text;
        auto operation = host_->get("/v2/" + std::string(started.body.at("name").as_string())).body;
        EXPECT_TRUE(operation.as_object().contains("response")) << json::serialize(operation);
        return operation;
    }
    // Returns the service's host.
    std::string deploy(std::string const& name, json::object const& service) {
        change("POST", fmt::format("{}?serviceId={}", kServices, name), service);
        auto const uri = host_->get(fmt::format("{}/{}", kServices, name)).body.at("uri");
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

class RunWordPressTest : public RunServingTest {
protected:
    void SetUp() override {
        RunServingTest::SetUp();
        if (IsSkipped()) return;
        auto started = DatabaseServer::start({});
        if (!started.ok()) GTEST_SKIP() << started.error().message();
        database_.emplace(started.release());
        database_->execute("CREATE DATABASE wp");
        database_->execute("CREATE USER 'wp'@'%' IDENTIFIED BY 'a$b\"c''d'");
        database_->execute("GRANT ALL ON wp.* TO 'wp'@'%'");
        // The password is a secret, and not a simple one.
        auto const secrets = std::string("/v1/projects/sandbox-project/secrets");
        host_->post(secrets + "?secretId=db", {{"replication", {{"automatic", json::object()}}}});
        host_->post(secrets + "/db:addVersion",
                    {{"payload", {{"data", http::encode_base64("a$b\"c'd")}}}});
    }
    void TearDown() override {
        RunServingTest::TearDown();
        database_.reset();
    }
    [[nodiscard]] json::array environment() const {
        return {json::object{{"name", "DB_HOST"},
                             {"value", fmt::format("127.0.0.1:{}", database_->port())}},
                json::object{{"name", "DB_NAME"}, {"value", "wp"}},
                json::object{{"name", "DB_USER"}, {"value", "wp"}},
                json::object{{"name", "DB_PASSWORD"},
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
        ASSERT_THAT(installed.text, HasSubstr("Success!"));
        database_->execute(
            "UPDATE wp.wp_options SET option_value='0' WHERE option_name IN "
            "('comment_previously_approved','comment_moderation','comments_notify')");
    }

    std::optional<DatabaseServer> database_;
};

TEST_F(RunWordPressTest, ASiteIsInstalledCommentedAndServedAfterARestart) {
    auto const host = deploy("shop", template_of(environment()));
    ASSERT_NO_FATAL_FAILURE(install(host));
    EXPECT_THAT(visit(host, "/").text, HasSubstr("Sandbox Gazette"));
    auto const posted = ask(host, "POST", "/wp-comments-post.php",
                            form_text({{"comment_post_ID", "1"},
                                       {"author", "Ada"},
                                       {"email", "ada@example.test"},
                                       {"comment", "The engine weaves."}}));
    EXPECT_EQ(posted.status, 302) << posted.text;
    EXPECT_THAT(visit(host, "/?p=1").text, HasSubstr("The engine weaves."));
    auto const port = host_->sandbox().web_port();
    host_->restart();
    EXPECT_EQ(host_->sandbox().web_port(), port);
    EXPECT_THAT(visit(host, "/?p=1").text, HasSubstr("The engine weaves."));
    EXPECT_EQ(visit("nobody.a.run.app", "/").status, 404);
    // Its secrets are nobody else's to read, and on no command line.
    auto const instance = host_->data() / "run/revisions/r1/instance.json";
    EXPECT_EQ(fs::status(instance).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(processes("a$b"), 0);
    change("DELETE", fmt::format("{}/shop", kServices), json::object());
    EXPECT_EQ(visit(host, "/").status, 0);  // the last one: nginx is not needed any more
}

TEST_F(RunWordPressTest, UploadsAreInTheBucket) {
    host_->post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    json::object const mounted{
        {"template",
         {{"volumes", json::array{json::object{{"name", "m"}, {"gcs", {{"bucket", "media"}}}}}},
          {"containers",
           json::array{json::object{
               {"image", kImage},
               {"env", environment()},
               {"volumeMounts",
                json::array{json::object{{"name", "m"},
                                         {"mountPath", "/var/www/html/wp-content/uploads"}}}}}}}}}};
    auto const host = deploy("shop", mounted);
    ASSERT_NO_FATAL_FAILURE(install(host));
    host_->call("POST", "/upload/storage/v1/b/media/o?uploadType=media&name=2020%2Fa%20b.txt",
                "from outside", {{"Content-Type", "text/plain"}});
    EXPECT_EQ(visit(host, "/wp-content/uploads/2020/a%20b.txt").text, "from outside");
    EXPECT_EQ(visit(host, "/wp-content/uploads/2020/none.txt").status, 404);
    auto const call = fmt::format(
        "<?xml version=\"1.0\"?><methodCall><methodName>wp.uploadFile</methodName><params>"
        "<param><value><int>1</int></value></param><param><value><string>admin</string></value>"
        "</param><param><value><string>secret-of-admin</string></value></param><param><value>"
        "<struct><member><name>name</name><value><string>note.txt</string></value></member>"
        "<member><name>type</name><value><string>text/plain</string></value></member><member>"
        "<name>bits</name><value><base64>{}</base64></value></member></struct></value></param>"
        "</params></methodCall>",
        http::encode_base64("from inside"));
    auto const uploaded = ask(host, "POST", "/xmlrpc.php", call, "text/xml");
    EXPECT_THAT(uploaded.text, HasSubstr("/wp-content/uploads/")) << uploaded.text;
    auto const objects = host_->get("/storage/v1/b/media/o").body.at("items").as_array();
    ASSERT_EQ(objects.size(), 2) << json::serialize(objects);
    auto const name = std::string(objects[1].at("name").as_string());
    EXPECT_THAT(name, HasSubstr("note.txt"));
    EXPECT_EQ(visit(host, "/wp-content/uploads/" + name).text, "from inside");
}

TEST_F(RunServingTest, TrafficIsSplitByShareAndByTag) {
    auto const path = fmt::format("{}/shop", kServices);
    auto const host = deploy("shop", template_of({}));
    auto const first = std::string(host_->get(path).body.at("latestReadyRevision").as_string());
    change("PATCH", path, template_of({json::object{{"name", "A"}, {"value", "2"}}}));
    auto const second = std::string(host_->get(path).body.at("latestReadyRevision").as_string());
    auto const short_name = [](std::string const& name) {
        return name.substr(name.rfind('/') + 1);
    };
    json::array const split{
        json::object{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                     {"revision", short_name(first)},
                     {"percent", 50},
                     {"tag", "old"}},
        json::object{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, {"percent", 50}}};
    change("PATCH", path + "?updateMask=traffic", json::object{{"traffic", split}});
    auto const since = host_->sandbox().take_requests({}).next;
    for (int i = 0; i < 60; ++i) ASSERT_EQ(visit(host, "/readme.html").status, 200);
    for (int i = 0; i < 20; ++i) visit("old---" + host, "/readme.html");
    std::map<std::string, int> by_revision;
    int tagged = 0;
    ASSERT_TRUE(
        eventually([&] { return host_->sandbox().take_requests(since).requests.size() == 80; }));
    for (auto const& request : host_->sandbox().take_requests(since).requests) {
        EXPECT_EQ(request.service, path.substr(std::string("/v2/").size()));
        EXPECT_EQ(request.method, "GET");
        if (request.host == host) {
            ++by_revision[request.revision];
            EXPECT_EQ(request.status, 200);
        } else {
            ++tagged;
            EXPECT_EQ(request.revision, short_name(first));
        }
    }
    EXPECT_EQ(tagged, 20);
    // Of 60 fair throws fewer than 10 come once in a hundred million times.
    EXPECT_GT(by_revision[short_name(first)], 9);
    EXPECT_GT(by_revision[short_name(second)], 9);
}

TEST_F(RunServingTest, NothingRunsWhileNobodyAsks) {
    auto const host = deploy("shop", template_of({}));
    EXPECT_EQ(processes("php-fpm: pool"), 0);
    // Without a database: WordPress itself says so.
    EXPECT_EQ(visit(host, "/").status, 500);
    EXPECT_EQ(processes("php-fpm: pool"), 1);
    EXPECT_TRUE(eventually([] { return processes("php-fpm: pool") == 0; }));
    EXPECT_EQ(visit(host, "/").status, 500);
    EXPECT_EQ(processes("php-fpm: pool"), 1);
    deploy("warm", template_of({}, {{"scaling", {{"minInstanceCount", 1}}}}));
    EXPECT_TRUE(eventually([] { return processes("php-fpm: pool") == 1; }));
}

TEST_F(RunServingTest, WhatIsForInternalTrafficOnlyIsNotReachedFromHere) {
    deploy("shop", template_of({}));
    auto service = template_of({});
    service["ingress"] = "INGRESS_TRAFFIC_INTERNAL_ONLY";
    auto const host = deploy("inside", service);
    EXPECT_EQ(visit(host, "/readme.html").status, 404);
    auto const path = fmt::format("{}/inside", kServices);
    change("PATCH", path + "?updateMask=ingress", json::object{{"ingress", "INGRESS_TRAFFIC_ALL"}});
    EXPECT_EQ(visit(host, "/readme.html").status, 200);
    change("PATCH", path + "?updateMask=ingress", service);
    EXPECT_EQ(visit(host, "/readme.html").status, 404);
}

TEST_F(RunServingTest, ADomainIsServedAndGoes) {
    deploy("shop", template_of({}));
    auto const mappings = std::string(
        "//us-central1-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/"
        "sandbox-project/domainmappings");
    EXPECT_EQ(visit("www.example.com", "/readme.html").status, 404);
    host_->post(mappings,
                {{"metadata", {{"name", "www.example.com"}}}, {"spec", {{"routeName", "shop"}}}});
    EXPECT_EQ(visit("www.example.com", "/readme.html").status, 200);
    host_->remove(mappings + "/www.example.com");
    EXPECT_EQ(visit("www.example.com", "/readme.html").status, 404);
}

}  // namespace
}  // namespace aipress::sandbox::run
