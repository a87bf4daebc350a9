#include "poc/tenant.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <set>

#include "http/base64.h"
#include "poc/history.h"
#include "poc/php_value.h"
#include "poc/site_dump.h"
#include "poc/state_file.h"
#include "poc/uploads.h"
#include "testing/status_matchers.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using testing::must;

TEST(PocTenantTest, TenantsDifferAndAreTheSameAgain) {
    std::set<std::string> passwords;
    std::set<TrafficClass> classes;
    std::set<SiteKind> kinds;
    for (unsigned number = 1; number <= 10; ++number) {
        auto const tenant = make_tenant(1, number);
        EXPECT_EQ(tenant.seed, make_tenant(1, number).seed);
        EXPECT_NE(tenant.seed, make_tenant(2, number).seed);
        passwords.insert(tenant.database_password());
        passwords.insert(tenant.administrator_password());
        for (auto const& session : tenant.session_secrets()) passwords.insert(session.value);
        classes.insert(tenant.traffic);
        kinds.insert(tenant.kind);
    }
    EXPECT_EQ(passwords.size(), 40u);
    EXPECT_EQ(classes.size(), 4u);
    EXPECT_EQ(kinds.size(), 3u);
    EXPECT_EQ(make_tenant(1, 7).host(), "tenant-007.aipress.io");
}

TEST(PocTenantTest, AZoneHoldsItsTenants) {
    EXPECT_EQ(zone_of(kTenantsPerZone).name, "aipress-io");
    EXPECT_EQ(zone_of(kTenantsPerZone + 1).dns_name, "b2.aipress.io.");
    EXPECT_EQ(make_tenant(1, 50'000).host(), "tenant-50000.b6.aipress.io");
}

TEST(PocTenantTest, DevelopmentRestsAtNightAndAtTheWeekend) {
    auto tenant = make_tenant(1, 1);
    // Sunday 2026-11-29 and Monday 2026-11-30, UTC.
    auto const at = [](int day, int hour) {
        return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / day)) +
               std::chrono::hours(hour);
    };
    tenant.traffic = TrafficClass::Development;
    EXPECT_EQ(requests_in(tenant, at(29, 12)), 0u);
    EXPECT_EQ(requests_in(tenant, at(30, 3)), 0u);
    EXPECT_EQ(requests_in(tenant, at(30, 12)), tenant.size.requests_per_hour);
    tenant.traffic = TrafficClass::High;
    tenant.size.requests_per_hour = 1'000;
    EXPECT_GT(requests_in(tenant, at(29, 12)), 5 * requests_in(tenant, at(29, 3)));
    EXPECT_GT(requests_in(tenant, at(29, 3)), 0u);
}

TEST(PocPhpTest, LengthsAreOfBytesAndNumbersAreKeys) {
    EXPECT_EQ(php_serialized(json::object{{"a", "é\"x"},
                                          {"7", true},
                                          {"07", nullptr},
                                          {"b", json::array{1, -2.5}},
                                          {"c", json::object()}}),
              "a:5:{s:1:\"a\";s:4:\"é\"x\";i:7;b:1;s:2:\"07\";N;s:1:\"b\";a:2:{i:0;i:1;i:1;d:-2.5;}"
              "s:1:\"c\";a:0:{}}");
}

TEST(PocUploadsTest, APictureHasWordPressesSizes) {
    auto tenant = make_tenant(1, 1);
    tenant.size.images = 12;
    tenant.size.largest_image = 2400;
    std::set<std::string> names;
    std::set<PictureFormat> formats;
    for (auto const& upload : plan_uploads(tenant)) {
        formats.insert(upload.format);
        auto const& original = upload.original();
        EXPECT_EQ(upload.file("thumbnail").width, 150u);
        EXPECT_EQ(upload.file("thumbnail").height, 150u);
        auto const& medium = upload.file("medium");
        EXPECT_EQ(std::max(medium.width, medium.height), 300u);
        EXPECT_EQ(upload.file("medium_large").width, 768u);
        EXPECT_EQ(upload.files.size(), 7u);
        for (auto const& file : upload.files) {
            EXPECT_TRUE(names.insert(file.name).second) << file.name;
            EXPECT_LE(file.width, original.width);
        }
        auto const described = attachment_metadata(upload);
        EXPECT_EQ(described.at("file"), json::value(original.name));
        EXPECT_EQ(described.at("sizes").as_object().size(), 6u);
    }
    EXPECT_EQ(formats.size(), 3u);
}

TEST(PocDumpTest, ADumpIsOneTransactionAndSpeaksOfItsUploads) {
    auto tenant = make_tenant(1, 1);
    for (auto const kind : {SiteKind::Blog, SiteKind::Shop, SiteKind::Legacy}) {
        tenant.kind = kind;
        tenant.size.orders = kind == SiteKind::Blog ? 0 : 5;
        auto const uploads = plan_uploads(tenant);
        auto const dump = must(make_site_dump(tenant, uploads));
        EXPECT_EQ(dump, must(make_site_dump(tenant, uploads)));
        EXPECT_THAT(dump, ::testing::EndsWith("COMMIT;\n"));
        for (auto const& upload : uploads) EXPECT_THAT(dump, HasSubstr(upload.original().name));
        EXPECT_EQ(dump.find("CREATE TABLE wp_wc_orders") != dump.npos, kind == SiteKind::Shop);
        EXPECT_EQ(dump.find("CREATE TABLE wp_guestbook") != dump.npos, kind == SiteKind::Legacy);
    }
}

TEST(PocStateTest, AStateFileIsTerraformsVersion4) {
    auto const tenant = make_tenant(1, 3);
    LiveResources live;
    live.instance = json::object{{"connectionName", "aipress-project:us-central1:tenant-003-db"}};
    live.service = json::object{{"uri", "https://tenant-003-x-uc.a.run.app"}};
    auto const text = make_state_file(tenant, live);
    EXPECT_THAT(text, ::testing::StartsWith("{\n  \"version\": 4,\n  \"terraform_version\": \"1."));
    EXPECT_THAT(text, ::testing::EndsWith("\"check_results\": null\n}\n"));
    auto const state = json::parse(text);
    std::vector<std::string> types;
    for (auto const& resource : state.at("resources").as_array()) {
        types.emplace_back(resource.at("type").as_string());
        EXPECT_EQ(resource.at("mode"), "managed");
        EXPECT_TRUE(resource.at("instances").at(0).at("attributes").is_object());
    }
    EXPECT_TRUE(std::is_sorted(types.begin(), types.end()));
    EXPECT_THAT(types, ::testing::Contains("google_sql_database_instance"));
    EXPECT_EQ(types.size(), 13u);
    live.has_site = false;
    EXPECT_EQ(json::parse(make_state_file(tenant, live)).at("resources").as_array().size(), 6u);
}

TEST(PocBase64Test, Rfc4648) {
    EXPECT_EQ(http::encode_base64(""), "");
    EXPECT_EQ(http::encode_base64("f"), "Zg==");
    EXPECT_EQ(http::encode_base64("fo"), "Zm8=");
    EXPECT_EQ(http::encode_base64("foo"), "Zm9v");
    EXPECT_EQ(http::encode_base64("foob\xff"), "Zm9vYv8=");
}

}  // namespace
}  // namespace aipress::poc
