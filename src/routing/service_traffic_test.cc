#include "routing/service_traffic.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "routing/journaled.h"
#include "testing/faulty_sandbox.h"
#include "testing/moving_site.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

class ServiceTrafficTest : public testing::MovingSiteTest {
protected:
    [[nodiscard]] ServiceTraffic traffic() const { return ServiceTraffic(*connection_); }
    [[nodiscard]] Result<TrafficPlan> plan() const { return plan(settings_); }
    [[nodiscard]] Result<TrafficPlan> plan(SiteSettings const& settings) const {
        return traffic().plan(context_, name_, "tenant-001/7", settings);
    }
    json::value traffic_of_service() { return service().at("traffic"); }
    std::string latest() {
        auto const name = std::string(service().at("latestReadyRevision").as_string());
        return name.substr(name.rfind('/') + 1);
    }
    // The template but for the name of its revision.
    json::object template_of_service() {
        auto revision = service().at("template").as_object();
        revision.erase("revision");
        return revision;
    }

    gcp::RunServiceName const name_{.project = kProject, .location = kRegion, .service = kTenant};
    SiteSettings const settings_{.database_host = "10.8.0.3",
                                 .database_port = 3307,
                                 .database = "tenant_001",
                                 .user = "tenant_001",
                                 .password_secret = "new-password",
                                 .bucket = "shard-media",
                                 .prefix = "tenants/tenant-001/"};
};

TEST_F(ServiceTrafficTest, VisitorsGoToTheNewHomeAndBack) {
    auto const template_before = template_of_service();
    auto const traffic_before = traffic_of_service();
    auto const old_revision = latest();
    auto const plan = must(read_traffic_plan(to_json(must(this->plan()))));
    EXPECT_EQ(plan.old_revision, old_revision);

    auto const address = must(traffic().prepare(context_, plan));
    EXPECT_EQ(who(address_), "old") << "no visitor is in the new home yet";
    EXPECT_EQ(who(address.substr(std::string("https://").size())), "new");
    EXPECT_EQ(must(read_settings(service())), settings_);

    for (int i = 0; i < 2; ++i) EXPECT_THAT(traffic().flip(context_, plan, Side::New), IsOk());
    EXPECT_EQ(who(address_), "new");
    for (int i = 0; i < 2; ++i) EXPECT_THAT(traffic().flip(context_, plan, Side::Old), IsOk());
    EXPECT_EQ(who(address_), "old");

    for (int i = 0; i < 2; ++i) EXPECT_THAT(traffic().forget(context_, plan), IsOk());
    EXPECT_EQ(who(address_), "old");
    EXPECT_EQ(traffic_of_service(), traffic_before);
    EXPECT_EQ(template_of_service(), template_before);
    EXPECT_NE(latest(), plan.new_revision);
    EXPECT_EQ(who(address.substr(std::string("https://").size())), "status 404") << "the tag";
    // The next move of the same service starts from there.
    EXPECT_THAT(traffic().plan(context_, name_, "tenant-001/8", settings_), IsOk());
}

TEST_F(ServiceTrafficTest, AllElseOfTheServiceIsLeftAlone) {
    auto wanted = template_of_service();
    EXPECT_THAT(traffic().prepare(context_, must(plan())), IsOk());
    auto& container = wanted["containers"].as_array()[0].as_object();
    container["env"] = json::parse(R"([
        {"name": "WP_DEBUG", "value": "1"},
        {"value": "10.8.0.3:3307", "name": "DB_HOST"},
        {"value": "tenant_001", "name": "DB_NAME"},
        {"value": "tenant_001", "name": "DB_USER"},
        {"valueSource": {"secretKeyRef": {"secret": "new-password", "version": "latest"}},
         "name": "DB_PASSWORD"},
        {"name": "TABLE_PREFIX", "value": "wp_"}])");
    wanted["volumes"].as_array()[0].as_object()["gcs"] = json::parse(
        R"({"bucket": "shard-media", "mountOptions": ["implicit-dirs", "only-dir=tenants/tenant-001"]})");
    EXPECT_EQ(template_of_service(), wanted);
    EXPECT_EQ(service().at("labels").at("tenant"), "tenant-001");
}

TEST_F(ServiceTrafficTest, EveryStepSurvivesALostAnswer) {
    auto const plan = must(this->plan());
    auto const lossy = [&](auto const& act) {
        transport_.lose("PATCH", "/services/tenant-001");
        EXPECT_THAT(act(), IsOk());
        EXPECT_EQ(transport_.left(), 0);
    };
    lossy([&] { return traffic().prepare(context_, plan); });
    EXPECT_THAT(traffic().prepare(context_, plan), IsOk());
    lossy([&] { return traffic().flip(context_, plan, Side::New); });
    EXPECT_EQ(who(address_), "new");
    EXPECT_THAT(traffic().prepare(context_, plan), IsOk()) << "late, and nothing to do";
    EXPECT_EQ(who(address_), "new");
    lossy([&] { return traffic().flip(context_, plan, Side::Old); });
    EXPECT_EQ(who(address_), "old");
    lossy([&] { return traffic().forget(context_, plan); });
    EXPECT_EQ(who(address_), "old");
    EXPECT_THAT(traffic().flip(context_, plan, Side::Old), IsOk()) << "nothing to flip back";
    EXPECT_THAT(traffic().flip(context_, plan, Side::New),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("not prepared")));
}

TEST_F(ServiceTrafficTest, AnAllocationByNameWithTagsIsPutBackToTheLetter) {
    auto const old_revision = latest();
    patch_service("traffic",
                  {{"traffic",
                    {{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                      {"revision", old_revision},
                      {"percent", 100}},
                     {{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, {"tag", "preview"}}}}});
    auto const before = traffic_of_service();
    auto const plan = must(this->plan());
    EXPECT_THAT(traffic().prepare(context_, plan), IsOk());
    auto const statuses = service().at("trafficStatuses").as_array();
    for (auto const& one : statuses) {
        if (one.as_object().contains("tag") && one.at("tag") == "preview") {
            EXPECT_EQ(one.at("revision"), json::value(old_revision));
        }
    }
    EXPECT_THAT(traffic().flip(context_, plan, Side::New), IsOk());
    EXPECT_EQ(who(address_), "new");
    EXPECT_THAT(traffic().forget(context_, plan),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("flip them back")));
    EXPECT_THAT(traffic().flip(context_, plan, Side::Old), IsOk());
    EXPECT_THAT(traffic().forget(context_, plan), IsOk());
    EXPECT_EQ(traffic_of_service(), before);
    // Visitors are with a revision that is not the newest, but the same: another move may come.
    EXPECT_THAT(traffic().plan(context_, name_, "tenant-001/8", settings_), IsOk());
}

TEST_F(ServiceTrafficTest, ARevisionThatCannotRunHasNoVisitorsAndIsForgotten) {
    auto settings = settings_;
    settings.password_secret = "nobody-made-it";
    auto const plan = must(this->plan(settings));
    EXPECT_THAT(traffic().prepare(context_, plan),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("nobody-made-it")));
    EXPECT_EQ(who(address_), "old");
    EXPECT_THAT(traffic().flip(context_, plan, Side::Old), IsOk());
    EXPECT_THAT(traffic().forget(context_, plan), IsOk());
    EXPECT_EQ(who(address_), "old");
    EXPECT_THAT(this->plan(), IsOk());
}

TEST_F(ServiceTrafficTest, WhatSomebodyElseDidIsNotOverwritten) {
    auto const plan = must(this->plan());
    EXPECT_THAT(traffic().prepare(context_, plan), IsOk());
    // A deployment by hand, without thought: visitors to whatever is the latest.
    patch_service("traffic", {{"traffic",
                               {{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                                 {"revision", plan.old_revision},
                                 {"percent", 60}},
                                {{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                                 {"revision", plan.new_revision},
                                 {"percent", 40}}}}});
    auto const theirs = traffic_of_service();
    auto const refused = HasError(
        ErrorCode::FailedPrecondition,
        AllOf(HasSubstr("somebody else"), HasSubstr("100 % the latest revision"),
              HasSubstr("60 % " + plan.old_revision), HasSubstr("40 % " + plan.new_revision)));
    EXPECT_THAT(traffic().prepare(context_, plan), refused);
    EXPECT_THAT(traffic().flip(context_, plan, Side::New), refused);
    EXPECT_THAT(traffic().flip(context_, plan, Side::Old), refused);
    EXPECT_THAT(traffic().forget(context_, plan), refused);
    EXPECT_EQ(traffic_of_service(), theirs);
    EXPECT_THAT(traffic().plan(context_, name_, "tenant-001/8", settings_),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("split")));
}

TEST_F(ServiceTrafficTest, WhatCannotBePreparedIsRefusedBefore) {
    auto const plan = must(this->plan());
    auto no_bucket = settings_;
    no_bucket.bucket.clear();
    EXPECT_THAT(this->plan(no_bucket), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(
        traffic().plan(context_, {.project = kProject, .location = kRegion, .service = "nobody"},
                       "m", settings_),
        HasCode(ErrorCode::NotFound));
    EXPECT_THAT(traffic().forget(context_, plan), IsOk()) << "nothing was prepared";
    EXPECT_THAT(traffic().prepare(context_, plan), IsOk());
    EXPECT_THAT(this->plan(), HasError(ErrorCode::FailedPrecondition, HasSubstr("journaled")));
    EXPECT_THAT(traffic().forget(context_, plan), IsOk());
    // A newer image that nobody gets yet: a revision of it would bring it to all visitors.
    auto const served = latest();
    patch_service("traffic", {{"traffic",
                               {{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                                 {"revision", served},
                                 {"percent", 100}}}}});
    auto revision = template_of_service();
    revision["containers"].as_array()[0].as_object()["image"] = "gcr.io/x/wordpress:7";
    patch_service("template", {{"template", revision}});
    EXPECT_THAT(this->plan(),
                HasError(ErrorCode::FailedPrecondition,
                         AllOf(HasSubstr(served), HasSubstr("not what its template"))));
}

TEST(ServiceTrafficFault, AFlipIsWaitedForAtTheServerAndAFailedOneTriedAgain) {
    SystemClock clock;
    auto const rule = [](char const* kind, int at, char const* more) {
        return fmt::format(
            R"({{"kind": "{}", "method": "run.projects.locations.services.patch", "at": [{}]{}}})",
            kind, at, more);
    };
    testing::FaultySandbox sandbox(clock, rule("slow_operation", 2, R"(, "delay_ms": 300)") + "," +
                                              rule("failed_operation", 3, ""));
    auto& host = sandbox.host();
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    sandbox.make_secret("s");
    host.post(fmt::format("{}/s:addVersion", testing::FaultySandbox::kSecrets),
              {{"payload", {{"data", "cA=="}}}});
    // Nobody from outside: no web server is needed.
    auto const made =
        host.post(std::string(testing::kServicesPath) + "?serviceId=t", json::parse(R"({
        "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "template": {
            "volumes": [{"name": "m", "gcs": {"bucket": "media"}}],
            "containers": [{
                "image": "gcr.io/x/wordpress",
                "env": [{"name": "WORDPRESS_DB_HOST", "value": "10.0.0.5"},
                        {"name": "WORDPRESS_DB_NAME", "value": "w"},
                        {"name": "WORDPRESS_DB_USER", "value": "w"},
                        {"name": "WORDPRESS_DB_PASSWORD", "valueSource": {
                            "secretKeyRef": {"secret": "s"}}}],
                "volumeMounts": [{"name": "m", "mountPath": "/uploads"}]}]}})"));
    ASSERT_EQ(made.status, 200) << made.text;
    gcp::HttpTransport transport;
    auto const tokens = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas(clock);
    gcp::Connection const connection(
        transport, *tokens, quotas,
        {.endpoints = {{"", host.url()}}, .retry = {.random = [] { return 0.0; }}});
    Context const context(clock, Deadline::after(clock, milliseconds(60'000)), {});
    ServiceTraffic const traffic(connection);
    auto const planned = traffic.plan(
        context, {.project = "sandbox-project", .location = "us-central1", .service = "t"}, "move",
        {.database_host = "10.0.0.6",
         .database = "v",
         .user = "v",
         .password_secret = "s",
         .bucket = "media",
         .prefix = "t/"});
    if (!planned.ok() && planned.error().message().find("not installed") != std::string::npos) {
        GTEST_SKIP() << planned.error().message();
    }
    auto const plan = must(planned);
    ASSERT_THAT(traffic.prepare(context, plan), IsOk());
    auto const took = must(traffic.flip(context, plan, Side::New));
    EXPECT_GE(took, milliseconds(300));
    EXPECT_THAT(traffic.flip(context, plan, Side::Old), IsOk());
    EXPECT_THAT(sandbox.journaled_faults(), ::testing::Contains(HasSubstr("failed_operation")));
    int waits = 0;
    for (auto const& asked : must(sandbox::read_requests(sandbox::journal_file(host.data())))) {
        if (asked.at("method") == "run.projects.locations.operations.wait") ++waits;
    }
    EXPECT_GE(waits, 3) << "one of each change, at least";
    EXPECT_LE(waits, 6) << "asked over and over";
}

}  // namespace
}  // namespace aipress::routing
