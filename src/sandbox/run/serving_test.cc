// Debian's WordPress on nginx and php-fpm, served for what Cloud Run's API has been told.
#include "sandbox/run/serving.h"

#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/served_sites.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using aipress::testing::form_text;
using aipress::testing::kServicesPath;
using aipress::testing::processes;
using aipress::testing::ServedSitesTest;
using aipress::testing::WordPressSiteTest;
using ::testing::HasSubstr;

class RunServingTest : public ServedSitesTest {};
class RunWordPressTest : public WordPressSiteTest {};

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
    change("DELETE", fmt::format("{}/shop", kServicesPath), json::object());
    EXPECT_EQ(visit(host, "/").status, 0);  // the last one: nginx is not needed any more
}

TEST_F(RunServingTest, TrafficIsSplitByShareAndByTag) {
    auto const path = fmt::format("{}/shop", kServicesPath);
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
    auto const path = fmt::format("{}/inside", kServicesPath);
    change("PATCH", path + "?updateMask=ingress", json::object{{"ingress", "INGRESS_TRAFFIC_ALL"}});
    EXPECT_EQ(visit(host, "/readme.html").status, 200);
    change("PATCH", path + "?updateMask=ingress", service);
    EXPECT_EQ(visit(host, "/readme.html").status, 404);
}

TEST_F(RunServingTest, ADomainIsServedByWhoHasItInForce) {
    deploy("shop", template_of({}));
    auto const mappings = [](std::string const& region) {
        return fmt::format(
            "//{}-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/"
            "sandbox-project/domainmappings",
            region);
    };
    auto const path = std::string(kServicesPath);
    auto const there = path.substr(0, path.find("us-central1")) + "us-east1/services";
    change("POST", there + "?serviceId=moved", template_of({}));
    json::object wish{{"metadata", {{"name", "www.example.com"}}},
                      {"spec", {{"routeName", "shop"}}}};
    EXPECT_EQ(host_->post(mappings("us-central1"), wish).status, 200);
    auto const served_by = [&] {
        auto const since = host_->sandbox().take_requests({}).next;
        EXPECT_EQ(visit("www.example.com", "/readme.html").status, 200);
        std::string service;
        EXPECT_TRUE(eventually([&] {
            auto const taken = host_->sandbox().take_requests(since).requests;
            if (!taken.empty()) service = taken[0].service;
            return !taken.empty();
        }));
        return service.substr(service.rfind('/') + 1);
    };
    EXPECT_EQ(served_by(), "shop");
    wish["spec"] = json::object{{"routeName", "moved"}, {"forceOverride", true}};
    EXPECT_EQ(host_->post(mappings("us-east1"), wish).status, 200);
    EXPECT_EQ(served_by(), "moved");
    EXPECT_EQ(host_->remove(mappings("us-central1") + "/www.example.com").status, 200);
    EXPECT_EQ(served_by(), "moved");
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
