// `aipress sandbox seed-poc` and `seed-shard` as an operator runs them, and what is there then.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <set>

#include "http/base64.h"
#include "poc/tenant.h"
#include "poc/uploads.h"
#include "sandbox/request_journal.h"
#include "sandbox/run/web_server.h"
#include "sandbox/sandbox.h"
#include "sandbox/sql/server.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpClient;
using testing::must;
using testing::SandboxProcess;

Context seeding_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(300'000)), std::stop_token()};
}

// One sandbox, and the project that is seeded in it.
class Seeded {
public:
    explicit Seeded(std::string verb = "seed-poc") : verb_(std::move(verb)) {}

    testing::Arguments command(std::vector<std::string> const& words) const {
        testing::Arguments all{"sandbox",  verb_, "--data", sandbox_.data().string(),
                               "--format", "json"};
        all.insert(all.end(), words.begin(), words.end());
        return all;
    }
    testing::CommandResult run(std::vector<std::string> const& words) const {
        return must(testing::run_aipress(seeding_context(), command(words)));
    }
    json::object seed(std::vector<std::string> const& words) const {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, 0) << result.describe();
        return must(result.json());
    }
    // Starts it, and kills it when it has made so many requests. False: it was done before.
    bool seed_and_kill(std::vector<std::string> const& words, std::size_t requests) const {
        auto const asked = [&] {
            return must(sandbox::read_requests(sandbox::journal_file(sandbox_.data()))).size();
        };
        auto const until = asked() + requests;
        auto process = must(testing::AipressProcess::start(command(words)));
        auto const context = seeding_context();
        while (process.running() && asked() < until) {
            if (!context.sleep(milliseconds(1))) return false;
        }
        bool const was_running = process.running();
        process.kill();
        return was_running;
    }

    HttpAnswer ask(std::string const& verb, std::string const& host, std::string const& path,
                   std::string body = "") {
        return client_.send({.verb = verb,
                             .url = sandbox_.url() + path,
                             .body = std::move(body),
                             .headers = {{"Host", host}, {"Authorization", "Bearer ya29.test"}}});
    }
    json::value get(std::string const& host, std::string const& path) {
        auto const answer = ask("GET", host, path);
        EXPECT_EQ(answer.status, 200) << path << ": " << answer.text;
        return answer.body;
    }
    std::string object(std::string const& bucket, std::string const& name) {
        auto const path =
            fmt::format("/storage/v1/b/{}/o/{}?alt=media", bucket, http::percent_encoded(name));
        return ask("GET", "storage.googleapis.com", path).text;
    }
    std::string secret(std::string const& name) {
        auto const version = get("secretmanager.googleapis.com",
                                 fmt::format("/v1/projects/aipress-project/secrets/{}/versions/"
                                             "latest:access",
                                             name));
        return *http::decode_base64(std::string(version.at_pointer("/payload/data").as_string()));
    }
    // Of every page the members of `list`, each as `what` has it.
    std::set<std::string> listed(std::string const& host, std::string const& path,
                                 std::string const& list,
                                 std::function<std::string(json::value const&)> const& what) {
        std::set<std::string> found;
        std::string token;
        do {
            auto const page = get(
                host, fmt::format("{}{}pageToken={}", path, path.find('?') == path.npos ? '?' : '&',
                                  http::percent_encoded(token)));
            auto const* const items = page.as_object().if_contains(list);
            if (items != nullptr) {
                for (auto const& item : items->as_array()) found.insert(what(item));
            }
            auto const* const next = page.as_object().if_contains("nextPageToken");
            token = next == nullptr ? "" : std::string(next->as_string());
        } while (!token.empty());
        return found;
    }
    std::uint16_t web_port() const {
        auto const status =
            must(testing::run_aipress(seeding_context(), {"sandbox", "status", "--format", "json",
                                                          "--data", sandbox_.data().string()}));
        return must(status.json()).at("web_port").to_number<std::uint16_t>();
    }
    HttpAnswer visit(std::string const& host, std::string const& path, std::string verb = "GET",
                     std::string body = "") {
        return site_.send(
            {.verb = std::move(verb),
             .url = fmt::format("http://127.0.0.1:{}{}", web_port(), path),
             .body = std::move(body),
             .headers = {{"Host", host}, {"Content-Type", "application/x-www-form-urlencoded"}}});
    }
    SandboxProcess& sandbox() { return sandbox_; }

private:
    std::string const verb_;
    SandboxProcess sandbox_;
    HttpClient client_;
    HttpClient site_;
};

std::string member(json::value const& value, char const* name) {
    return std::string(value.at(name).as_string());
}

// What stands between the two, for the first time; "" when it does not.
std::string between(std::string const& text, std::string const& before, std::string const& behind) {
    auto const found = text.find(before);
    if (found == text.npos) return "";
    auto const begin = found + before.size();
    return text.substr(begin, text.find(behind, begin) - begin);
}

class SandboxSeedTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (auto const programs = sandbox::run::find_web_programs(); !programs.ok()) {
            GTEST_SKIP() << programs.error().message();
        }
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    }
};

void expect_live(Seeded& poc, poc::Tenant const& tenant) {
    auto const host = tenant.host();
    EXPECT_EQ(poc.visit(host, "/").status, 200);
    auto const post = poc.visit(host, fmt::format("/{}-post-1/", to_string(tenant.kind)));
    ASSERT_EQ(post.status, 200) << host;
    // The picture of the post is what the bucket has, byte for byte.
    auto const base = fmt::format("http://{}/wp-content/uploads/", host);
    auto const image = between(post.text, "src=\"" + base, "\"");
    ASSERT_NE(image, "") << post.text;
    auto const shown = poc.visit(host, "/wp-content/uploads/" + image);
    EXPECT_EQ(shown.status, 200) << image;
    EXPECT_THAT(shown.header("Content-Type"), HasSubstr("image/"));
    EXPECT_GT(shown.text.size(), 100u);
    EXPECT_TRUE(shown.text == poc.object(tenant.bucket(), image)) << image;
    // The administrator's password is a secret.
    auto const login = poc.visit(
        host, "/wp-login.php", "POST",
        testing::form_text({{"log", "admin"}, {"pwd", poc.secret(tenant.administrator_secret())}}));
    EXPECT_EQ(login.status, 302) << login.text;
    auto const id = between(post.text, "postid-", " ");
    auto const posted = poc.visit(host, "/wp-comments-post.php", "POST",
                                  testing::form_text({{"comment_post_ID", id},
                                                      {"author", "Ada"},
                                                      {"email", "ada@example.test"},
                                                      {"comment", "It weaves."}}));
    EXPECT_EQ(posted.status, 302) << posted.text;
    EXPECT_THAT(poc.visit(host, fmt::format("/{}-post-1/", to_string(tenant.kind))).text,
                HasSubstr("It weaves."));
}

void expect_described(Seeded& poc, poc::Tenant const& tenant) {
    auto const state = json::parse(poc.object(
        "aipress-terraform-state", fmt::format("tenants/{}/default.tfstate", tenant.name)));
    EXPECT_EQ(state.at("version"), 4);
    EXPECT_THAT(json::serialize(state), HasSubstr(poc.secret(tenant.database_secret())));
    auto const service = json::serialize(
        poc.get("run.googleapis.com",
                "/v2/projects/aipress-project/locations/us-central1/services/" + tenant.name));
    for (auto const& session : tenant.session_secrets()) {
        EXPECT_EQ(poc.secret(session.secret), session.value);
        EXPECT_THAT(service,
                    HasSubstr(fmt::format(R"("{}","valueSource":{{"secretKeyRef":{{"secret":"{}")",
                                          session.variable, session.secret)));
    }
    auto const instance = poc.get("sqladmin.googleapis.com",
                                  "/v1/projects/aipress-project/instances/" + tenant.instance());
    EXPECT_THAT(json::serialize(state),
                HasSubstr(member(instance.at("ipAddresses").at(0), "ipAddress")));
    auto const series =
        poc.get("monitoring.googleapis.com",
                fmt::format("/v3/projects/aipress-project/timeSeries?filter={}&interval.endTime="
                            "2100-01-01T00:00:00Z&interval.startTime=2020-01-01T00:00:00Z",
                            http::percent_encoded(fmt::format(
                                "metric.type = \"custom.googleapis.com/aipress/request_count\" AND "
                                "metric.labels.tenant = \"{}\"",
                                tenant.name))));
    EXPECT_GE(series.at("timeSeries").at(0).at("points").as_array().size(), 23u);
}

TEST_F(SandboxSeedTest, ThreeSitesAreLiveAndASecondRunKeepsThem) {
    Seeded poc;
    auto const first = poc.seed({"--tenants", "3"});
    ASSERT_EQ(first.at("sites").as_array().size(), 3u);
    std::set<std::string> sizes;
    for (unsigned number = 1; number <= 3; ++number) {
        auto const tenant = poc::make_tenant(1, number);
        auto const& site = first.at("sites").at(number - 1);
        EXPECT_EQ(member(site, "tenant"), tenant.name);
        EXPECT_EQ(site.at("posts"), tenant.size.posts);
        std::size_t objects = 0;
        for (auto const& upload : poc::plan_uploads(tenant)) objects += upload.files.size();
        EXPECT_EQ(site.at("objects"), objects);
        sizes.insert(json::serialize(site.at("bytes")));
        expect_live(poc, tenant);
        expect_described(poc, tenant);
    }
    EXPECT_EQ(sizes.size(), 3u);
    auto const again = poc.seed({"--tenants", "3"});
    EXPECT_EQ(again.at("sites"), first.at("sites"));
    // What visitors wrote is still there.
    auto const tenant = poc::make_tenant(1, 1);
    EXPECT_THAT(poc.visit(tenant.host(), fmt::format("/{}-post-1/", to_string(tenant.kind))).text,
                HasSubstr("It weaves."));
    auto const other = poc.run({"--tenants", "3", "--seed", "2"});
    EXPECT_EQ(other.status.code, 1);
    EXPECT_THAT(other.error, HasSubstr("was seeded with --seed 1"));
}

// Everything that is not the sandbox's own choice: addresses are, and times.
std::set<std::string> state_of(Seeded& poc) {
    std::set<std::string> state;
    auto const add = [&](std::set<std::string> more) { state.merge(more); };
    auto const by_name = [](json::value const& item) { return member(item, "name"); };
    for (unsigned number = 1; number <= 2; ++number) {
        auto const tenant = poc::make_tenant(1, number);
        auto const instance = "/v1/projects/aipress-project/instances/" + tenant.instance();
        add(poc.listed("storage.googleapis.com", fmt::format("/storage/v1/b/{}/o", tenant.bucket()),
                       "items", [](json::value const& item) {
                           return member(item, "name") + member(item, "md5Hash");
                       }));
        add(poc.listed("sqladmin.googleapis.com", instance + "/databases", "items", by_name));
        state.insert(poc.secret(tenant.administrator_secret()));
        // Each picture once, each comment once.
        auto const front = poc.visit(tenant.host(), "/?rest_route=/wp/v2/comments&per_page=1");
        state.insert(tenant.name + " comments " + front.header("X-WP-Total"));
        auto const media = poc.visit(tenant.host(), "/?rest_route=/wp/v2/media&per_page=1");
        state.insert(tenant.name + " media " + media.header("X-WP-Total"));
    }
    add(poc.listed("run.googleapis.com",
                   "/v2/projects/aipress-project/locations/us-central1/services", "services",
                   [](json::value const& item) {
                       return member(item, "name") + " " + member(item, "generation");
                   }));
    add(poc.listed("storage.googleapis.com", "/storage/v1/b/aipress-terraform-state/o", "items",
                   by_name));
    add(poc.listed("dns.googleapis.com",
                   "/dns/v1/projects/aipress-project/managedZones/aipress-io/rrsets", "rrsets",
                   [](json::value const& item) { return member(item, "name"); }));
    for (auto const* const kind : {"uptimeCheckConfigs", "alertPolicies"}) {
        auto const path = fmt::format("/v3/projects/aipress-project/{}", kind);
        add(poc.listed("monitoring.googleapis.com", path, kind,
                       [](json::value const& item) { return member(item, "displayName"); }));
        auto const records = poc.listed("monitoring.googleapis.com", path, kind, by_name);
        state.insert(fmt::format("{} {}", records.size(), kind));
    }
    return state;
}

TEST_F(SandboxSeedTest, KilledAtAnyMomentItIsCarriedOn) {
    Seeded undisturbed;
    auto const expected = undisturbed.seed({"--tenants", "2"});
    Seeded killed;
    int kills = 0;
    // It looks at what is there with about 50 requests, so that each run comes further.
    while (kills < 30 && killed.seed_and_kill({"--tenants", "2"}, kills == 0 ? 5 : 110)) ++kills;
    EXPECT_GE(kills, 3);
    auto const carried_on = killed.seed({"--tenants", "2"});
    EXPECT_EQ(carried_on.at("sites"), expected.at("sites"));
    auto const state = state_of(killed);
    EXPECT_THAT(state, ::testing::IsSupersetOf({"2 uptimeCheckConfigs", "2 alertPolicies"}));
    EXPECT_EQ(state, state_of(undisturbed));
}

TEST(SandboxSeedRecordsTest, RecordsTakeNoServersAndAreCarriedOn) {
    Seeded poc;
    std::vector<std::string> const words{"--tenants", "200", "--metadata-only"};
    EXPECT_TRUE(poc.seed_and_kill(words, 500));
    auto const summary = poc.seed(words);
    EXPECT_EQ(summary.at("tenants"), 200);
    auto const count = [&](std::string const& host, std::string const& path,
                           std::string const& list) {
        return poc.listed(host, path, list,
                          [](json::value const& item) { return member(item, "name"); });
    };
    auto const instances =
        count("sqladmin.googleapis.com", "/v1/projects/aipress-project/instances", "items");
    EXPECT_EQ(instances.size(), 200u);
    EXPECT_EQ(count("run.googleapis.com",
                    "/v2/projects/aipress-project/locations/us-central1/services", "services")
                  .size(),
              200u);
    EXPECT_EQ(
        count("secretmanager.googleapis.com", "/v1/projects/aipress-project/secrets", "secrets")
            .size(),
        200u);
    EXPECT_EQ(
        count("storage.googleapis.com", "/storage/v1/b/aipress-terraform-state/o", "items").size(),
        200u);
    EXPECT_EQ(
        count("storage.googleapis.com", "/storage/v1/b?project=aipress-project", "items").size(),
        202u);
    EXPECT_THAT(count("dns.googleapis.com",
                      "/dns/v1/projects/aipress-project/managedZones/aipress-io/rrsets", "rrsets"),
                ::testing::Contains("tenant-200.aipress.io."));
    // No server has been made for any of them.
    auto const sql = poc.sandbox().data() / "sql";
    std::error_code ignored;
    EXPECT_TRUE(!fs::exists(sql) || fs::is_empty(sql, ignored)) << sql;
    auto const scope = poc.run({"--tenants", "2"});
    EXPECT_EQ(scope.status.code, 1);
    EXPECT_THAT(scope.error, HasSubstr("--metadata-only"));
}

TEST(SandboxSeedRecordsTest, WhatCannotBeIsSaid) {
    Seeded poc;
    auto const many = poc.run({"--tenants", "101"});
    EXPECT_EQ(many.status.code, 2);
    EXPECT_THAT(many.error, HasSubstr("--tenants: '101' is not a number from 1 to 100"));
    EXPECT_EQ(poc.run({"--tenants", "0"}).status.code, 2);
    EXPECT_EQ(poc.run({"--tenants", "90001", "--metadata-only"}).status.code, 2);
    EXPECT_EQ(poc.sandbox().stop(), 0);
    auto const none = poc.run({"--tenants", "1"});
    EXPECT_EQ(none.status.code, 1);
    EXPECT_THAT(none.error, HasSubstr("no sandbox runs on"));
    EXPECT_THAT(none.error, HasSubstr("next: aipress sandbox up"));
}

class SandboxSeedShardTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    }

    static constexpr auto kDns = "dns.googleapis.com";
    static constexpr auto kZone = "/dns/v1/projects/aipress-project/managedZones/aipress-io";
    static constexpr auto kShard = "aipress-shard-001";

    // The PoC's zone, in its project: records only, so that no site has to be made.
    static void seed_zone(Seeded& sandbox) {
        auto const made = must(testing::run_aipress(
            seeding_context(), {"sandbox", "seed-poc", "--tenants", "1", "--metadata-only",
                                "--data", sandbox.sandbox().data().string()}));
        ASSERT_EQ(made.status.code, 0) << made.describe();
    }
    static json::value project(Seeded& sandbox) {
        return sandbox.get("cloudresourcemanager.googleapis.com",
                           fmt::format("/v3/projects/{}", kShard));
    }
    static json::value instance(Seeded& sandbox) {
        return sandbox.get("sqladmin.googleapis.com",
                           fmt::format("/v1/projects/{0}/instances/{0}-db", kShard));
    }
    static json::value bucket(Seeded& sandbox) {
        return sandbox.get("storage.googleapis.com", fmt::format("/storage/v1/b/{}-media", kShard));
    }
    static json::value ingress(Seeded& sandbox) {
        return sandbox.get(kDns, fmt::format("{}/rrsets/{}.aipress.io./CNAME", kZone, kShard));
    }
};

TEST_F(SandboxSeedShardTest, AShardIsReadyForTenants) {
    Seeded sandbox("seed-shard");
    seed_zone(sandbox);
    auto const summary = sandbox.seed({"--shard", kShard});
    EXPECT_EQ(summary.at("project"), kShard);
    EXPECT_EQ(summary.at("capacity"), 50);
    EXPECT_EQ(summary.at("ingress"), "aipress-shard-001.aipress.io");
    EXPECT_EQ(project(sandbox).at("labels"), (json::value{{"aipress-role", "shard"},
                                                          {"aipress-state", "active"},
                                                          {"aipress-capacity", "50"}}));
    auto const billing = sandbox.get("cloudbilling.googleapis.com",
                                     fmt::format("/v1/projects/{}/billingInfo", kShard));
    EXPECT_EQ(billing.at("billingEnabled"), true);
    for (auto const* const api : {"run", "sqladmin", "secretmanager", "iam"}) {
        auto const service =
            sandbox.get("serviceusage.googleapis.com",
                        fmt::format("/v1/projects/{}/services/{}.googleapis.com", kShard, api));
        EXPECT_EQ(service.at("state"), "ENABLED") << api;
    }
    auto const server = instance(sandbox);
    EXPECT_EQ(server.at("state"), "RUNNABLE");
    EXPECT_EQ(server.at("region"), "us-central1");
    EXPECT_EQ(server.at("databaseVersion"), "MYSQL_8_0");
    EXPECT_EQ(server.at_pointer("/settings/tier"), "db-n1-standard-4");
    EXPECT_EQ(server.at_pointer("/settings/backupConfiguration/enabled"), true);
    EXPECT_EQ(server.at_pointer("/settings/backupConfiguration/binaryLogEnabled"), true);
    EXPECT_EQ(server.at_pointer("/ipAddresses/0/ipAddress"), summary.at("address"));
    EXPECT_EQ(bucket(sandbox).at_pointer("/iamConfiguration/uniformBucketLevelAccess/enabled"),
              true);
    EXPECT_EQ(ingress(sandbox).at("rrdatas"), (json::value{"ghs.googlehosted.com."}));

    // What an operator has changed since is kept.
    EXPECT_EQ(sandbox
                  .ask("PATCH", "cloudresourcemanager.googleapis.com",
                       fmt::format("/v3/projects/{}?updateMask=labels", kShard),
                       R"({"labels": {"aipress-role": "shard", "aipress-state": "cordoned",)"
                       R"("aipress-capacity": "50"}})")
                  .status,
              200);
    EXPECT_EQ(sandbox.seed({"--shard", kShard}).at("address"), summary.at("address"));
    EXPECT_EQ(project(sandbox).at_pointer("/labels/aipress-state"), "cordoned");
    auto const smaller = sandbox.run({"--shard", kShard, "--capacity", "40"});
    EXPECT_EQ(smaller.status.code, 1);
    EXPECT_THAT(smaller.error, HasSubstr("project aipress-shard-001 is there already and is "
                                         "another one: its capacity is 50"));
}

TEST_F(SandboxSeedShardTest, KilledAtAnyMomentItIsCarriedOn) {
    Seeded sandbox("seed-shard");
    seed_zone(sandbox);
    std::vector<std::string> const words{"--shard", kShard,   "--capacity",
                                         "20",      "--tier", "db-g1-small"};
    std::size_t requests = 1;
    while (sandbox.seed_and_kill(words, requests)) ++requests;
    EXPECT_GE(requests, 8u);
    EXPECT_EQ(sandbox.seed(words).at("capacity"), 20);
    EXPECT_EQ(instance(sandbox).at("state"), "RUNNABLE");
    EXPECT_EQ(instance(sandbox).at_pointer("/settings/tier"), "db-g1-small");
    EXPECT_EQ(member(bucket(sandbox), "name"), "aipress-shard-001-media");
    EXPECT_EQ(member(ingress(sandbox), "type"), "CNAME");
    EXPECT_EQ(project(sandbox).at_pointer("/labels/aipress-state"), "active");
}

TEST_F(SandboxSeedShardTest, WhatCannotBeIsSaid) {
    Seeded sandbox("seed-shard");
    auto const early = sandbox.run({"--shard", kShard});
    EXPECT_EQ(early.status.code, 1);
    EXPECT_THAT(early.error, HasSubstr("the PoC's zone aipress-io is not there"));
    EXPECT_THAT(early.error, HasSubstr("next: aipress sandbox seed-poc"));
    for (auto const* const name : {"aipress-project", "aipress-shard-", "aipress-shard-1x", ""}) {
        EXPECT_EQ(sandbox.run({"--shard", name}).status.code, 2) << name;
    }
    EXPECT_EQ(sandbox.run({"--shard", kShard, "--capacity", "0"}).status.code, 2);
    seed_zone(sandbox);
    auto const made = sandbox.ask(
        "POST", "cloudresourcemanager.googleapis.com", "/v3/projects",
        fmt::format(R"({{"projectId": "{}", "parent": "organizations/100000000001"}})", kShard));
    EXPECT_EQ(made.status, 200) << made.text;
    auto const other = sandbox.run({"--shard", kShard});
    EXPECT_EQ(other.status.code, 1);
    EXPECT_THAT(other.error, HasSubstr("its labels do not say that it is a shard"));
}

}  // namespace
}  // namespace aipress
