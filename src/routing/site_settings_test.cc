#include "routing/site_settings.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "routing/allocation.h"
#include "routing/journaled.h"
#include "testing/status_matchers.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;

json::object parsed(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return json::parse(text).as_object();
}

std::string variable(std::string const& name, std::string const& value) {
    return fmt::format("{{'name': '{}', 'value': '{}'}}", name, value);
}
std::string secret(std::string const& name, std::string const& value) {
    return fmt::format(
        "{{'name': '{}', 'valueSource': {{'secretKeyRef': {{'secret': '{}', 'version': '3'}}}}}}",
        name, value);
}
// In Docker's spelling where `before` is "WORDPRESS_".
std::string environment(std::string const& before, std::string const& host) {
    return fmt::format("{}, {}, {}, {}", variable(before + "DB_HOST", host),
                       variable(before + "DB_NAME", "wordpress"),
                       variable(before + "DB_USER", "wp"), secret(before + "DB_PASSWORD", "pw"));
}
std::string container(std::string const& variables, std::string const& mounts) {
    return fmt::format("{{'image': 'x', 'env': [{}], 'volumeMounts': [{}]}}", variables, mounts);
}
constexpr char const* kMount = "{'name': 'u', 'mountPath': '/var/www/html/wp-content/uploads/'}";
constexpr char const* kVolume = "{'name': 'u', 'gcs': {'bucket': 'media'}}";

json::object service(std::string const& containers, std::string const& volumes = kVolume) {
    return parsed(
        fmt::format("{{'name': 'projects/p/locations/r/services/shop', 'template': "
                    "{{'containers': [{}], 'volumes': [{}]}}}}",
                    containers, volumes));
}

TEST(SiteSettingsTest, BothSpellingsAreRead) {
    SiteSettings const wanted{.database_host = "10.0.0.5",
                              .database = "wordpress",
                              .user = "wp",
                              .password_secret = "pw",
                              .bucket = "media"};
    for (auto const* const before : {"", "WORDPRESS_"}) {
        EXPECT_EQ(must(read_settings(service(container(environment(before, "10.0.0.5"), kMount)))),
                  wanted);
    }
}

TEST(SiteSettingsTest, TheHostMayHaveAPortOrBeASocket) {
    auto const read = [](std::string const& host) {
        return must(read_settings(service(container(environment("", host), kMount))));
    };
    EXPECT_EQ(read("10.0.0.5:3307").database_host, "10.0.0.5");
    EXPECT_EQ(read("10.0.0.5:3307").database_port, 3307);
    EXPECT_EQ(read("2001:db8::1").database_host, "2001:db8::1");
    EXPECT_EQ(read("db.internal:port").database_host, "db.internal:port");
    for (auto const* const host :
         {"localhost:/cloudsql/p:us-central1:shop-db", "/cloudsql/p:us-central1:shop-db"}) {
        EXPECT_EQ(read(host).socket_instance, "p:us-central1:shop-db");
        EXPECT_EQ(read(host).database_host, "");
    }
}

TEST(SiteSettingsTest, TheSiteIsTheFirstContainerThatHasOne) {
    auto const sidecar = container(variable("LOG", "1"), "");
    auto const other_mount = "{'name': 'cache', 'mountPath': '/cache'}";
    auto const site =
        container(environment("", "10.0.0.5"), fmt::format("{}, {}", other_mount, kMount));
    auto const volumes = fmt::format(
        "{{'name': 'cache', 'gcs': {{'bucket': 'cache'}}}}, {{'name': 'u', 'gcs': {{'bucket': "
        "'media', 'mountOptions': ['implicit-dirs', 'only-dir=tenants/shop']}}}}");
    auto const settings = must(read_settings(service(sidecar + ", " + site, volumes)));
    EXPECT_EQ(settings.database_host, "10.0.0.5");
    EXPECT_EQ(settings.bucket, "media") << "the one of the uploads";
    EXPECT_EQ(settings.prefix, "tenants/shop/");
}

TEST(SiteSettingsTest, WhatIsMissingIsNamedAndNoValueIsShown) {
    auto const code = ErrorCode::FailedPrecondition;
    EXPECT_THAT(read_settings(parsed("{'name': 'a/shop'}")), HasError(code, HasSubstr("shop")));
    EXPECT_THAT(read_settings(service(container("", ""))), HasError(code, HasSubstr("DB_HOST")));
    EXPECT_THAT(read_settings(service(container("", kMount))),
                HasError(code, AllOf(HasSubstr("shop"), HasSubstr("DB_NAME, DB_USER"))));
    EXPECT_THAT(read_settings(service(container(environment("", "10.0.0.5"), ""))),
                HasError(code, HasSubstr("Cloud Storage volume")));
    auto const plain = variable("WORDPRESS_DB_HOST", "10.0.0.5") + ", " +
                       variable("WORDPRESS_DB_PASSWORD", "hunter2");
    EXPECT_THAT(
        read_settings(service(container(plain, kMount))),
        HasError(code, AllOf(HasSubstr("WORDPRESS_DB_NAME"),
                             HasSubstr("WORDPRESS_DB_PASSWORD from Secret Manager (it is a plain"),
                             Not(HasSubstr("hunter2")))));
}

TEST(SiteSettingsTest, WhatIsWrittenIsReadAndPutBack) {
    SiteSettings const settings{.database_host = "10.8.0.3",
                                .database_port = 3307,
                                .database = "t",
                                .user = "u",
                                .password_secret = "new",
                                .bucket = "shard",
                                .prefix = "tenants/t/"};
    auto const both =
        environment("", "10.0.0.5") + ", " + environment("WORDPRESS_", "localhost:/cloudsql/p:r:i");
    for (auto const& variables : {environment("WORDPRESS_", "localhost:/cloudsql/p:r:i"), both}) {
        auto const before = service(container(variables, kMount)).at("template").as_object();
        auto revision = before;
        EXPECT_THAT(write_settings(revision, settings), IsOk());
        EXPECT_EQ(must(read_template_settings(revision, "it")), settings);
        EXPECT_EQ(json::serialize(revision).find("10.0.0.5"), std::string::npos)
            << "no spelling leads back to the old home";
        EXPECT_EQ(json::serialize(revision).find("/cloudsql/"), std::string::npos);
        EXPECT_THAT(copy_settings(revision, before), IsOk());
        EXPECT_EQ(revision, before);
    }
    auto revision = service(container(both, kMount)).at("template").as_object();
    auto socket = settings;
    socket.socket_instance = "p:r:i";
    EXPECT_THAT(write_settings(revision, socket), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(write_settings(revision, {}), HasCode(ErrorCode::InvalidArgument));
    json::object nothing;
    EXPECT_THAT(write_settings(nothing, settings), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(copy_settings(nothing, revision), HasCode(ErrorCode::FailedPrecondition));
}

TEST(JournaledTest, WhatIsWrittenIsReadAndWhatIsNotIsNamed) {
    TrafficPlan const plan{
        .service = {.project = "p", .location = "r", .service = "s"},
        .old_revision = "s-1",
        .new_revision = "s-m1",
        .tag = "m1",
        .before = json::array{json::object{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"},
                                           {"percent", 100}}},
        .settings = {.database_host = "h", .bucket = "b"}};
    EXPECT_EQ(to_json(must(read_traffic_plan(to_json(plan)))), to_json(plan));
    for (auto const& field : to_json(plan)) {
        auto damaged = to_json(plan);
        damaged.erase(field.key());
        EXPECT_THAT(read_traffic_plan(damaged),
                    HasError(ErrorCode::InvalidArgument, HasSubstr(std::string(field.key()))));
    }
    auto port = to_json(plan.settings);
    port["database_port"] = 65'536;
    EXPECT_THAT(read_site_settings(port), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(read_records(parsed("{'host': 'a', 'sets': [1]}")),
                HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(read_mapping({}), HasCode(ErrorCode::InvalidArgument));
}

TEST(AllocationTest, EachStageIsKnownAgainAndAnotherIsForeign) {
    TrafficPlan const plan{
        .old_revision = "s-1",
        .new_revision = "s-m1",
        .tag = "m1",
        .before = json::array{json::object{
            {"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, {"percent", 100}, {"tag", "live"}}}};
    for (auto const one :
         {Allocation::Before, Allocation::Old, Allocation::New, Allocation::Restored}) {
        EXPECT_EQ(allocation_of(plan, {{"traffic", traffic_for(plan, one)}}), one);
    }
    EXPECT_EQ(describe(traffic_for(plan, Allocation::New)),
              "tag live at s-1, 100 % s-m1, tag m1 at s-m1");
    auto moved = traffic_for(plan, Allocation::New);
    moved[1].as_object()["revision"] = "s-2";
    EXPECT_EQ(allocation_of(plan, {{"traffic", moved}}), Allocation::Foreign);
    EXPECT_EQ(allocation_of(plan, {}), Allocation::Foreign);
}

}  // namespace
}  // namespace aipress::routing
