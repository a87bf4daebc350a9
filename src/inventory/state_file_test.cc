#include "inventory/state_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/status_matchers.h"

namespace aipress::inventory {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;

constexpr char const* kProject = "p";

std::string file_of(std::string const& resources, std::string const& version = "4") {
    return fmt::format(
        R"({{"version": {}, "terraform_version": "1.11.4", "serial": 7, "lineage": "l",
             "outputs": {{"password": {{"value": "s3cret", "type": "string"}}}},
             "resources": [{}]}})",
        version, resources);
}

std::string resource(std::string const& type, std::string const& instances,
                     std::string const& more = "") {
    return fmt::format(
        R"({{"mode": "managed", "type": "{}", "name": "site", {} "provider": "x", "instances": [{}]}})",
        type, more, instances);
}

std::string error_of(std::string const& text) {
    auto const parsed = parse_state_file(text, kProject);
    return parsed.ok() ? "" : parsed.error().message();
}

TEST(StateFileTest, reads_what_resources_declare) {
    auto const state = must(parse_state_file(
        file_of(resource("google_sql_database_instance",
                         R"({"attributes": {"name": "db", "project": "p", "region": "r",
                             "root_password": "s3cret", "database_version": null,
                             "settings": [{"tier": "db-f1-micro",
                                           "user_labels": {"tenant": "t-1"}}]}})") +
                "," +
                resource("google_dns_record_set",
                         R"({"attributes": {"name": "t.x.", "managed_zone": "z", "type": "A",
                             "ttl": 60, "rrdatas": ["192.0.2.2", "192.0.2.1"]}})")),
        kProject));
    EXPECT_EQ(state.serial, 7);
    EXPECT_EQ(state.managed, 2u);
    ASSERT_EQ(state.declared.size(), 2u);
    auto const& instance = state.declared[0].resource;
    EXPECT_EQ(state.declared[0].address, "google_sql_database_instance.site");
    EXPECT_EQ(instance.key, "db");
    EXPECT_EQ(instance.fact(Attribute::Tier), "db-f1-micro");
    EXPECT_EQ(instance.label("tenant"), "t-1");
    EXPECT_EQ(instance.facts.size(), 3u) << "null says nothing, and no password is kept";
    auto const& set = state.declared[1].resource;
    EXPECT_EQ(set.key, "z/t.x./A");
    EXPECT_EQ(set.fact(Attribute::Ttl), "60");
    EXPECT_EQ(set.fact(Attribute::Data), "192.0.2.1 192.0.2.2") << "their order means nothing";
}

TEST(StateFileTest, addresses_name_module_and_index) {
    auto const bucket = [](std::string const& index) {
        return fmt::format(R"({{"index_key": {}, "attributes": {{"name": "b"}}}})", index);
    };
    auto const state = must(parse_state_file(
        file_of(resource("google_storage_bucket", bucket("\"a\"") + "," + bucket("1"),
                         R"("module": "module.site",)")),
        kProject));
    ASSERT_EQ(state.declared.size(), 2u);
    EXPECT_EQ(state.declared[0].address, "module.site.google_storage_bucket.site[\"a\"]");
    EXPECT_EQ(state.declared[1].address, "module.site.google_storage_bucket.site[1]");
}

TEST(StateFileTest, counts_what_it_does_not_compare) {
    auto const state = must(parse_state_file(
        file_of(resource("google_sql_user", R"({"attributes": {"password": "s3cret"}})") + "," +
                resource("google_storage_bucket",
                         R"({"attributes": {"name": "b", "project": "other"}})") +
                R"(,{"mode": "data", "type": "google_project", "name": "x", "instances": []})"),
        kProject));
    EXPECT_TRUE(state.declared.empty());
    EXPECT_EQ(state.managed, 2u);
    EXPECT_EQ(state.not_compared.at("google_sql_user"), 1u);
    EXPECT_EQ(state.not_compared.at("google_storage_bucket"), 1u);
}

TEST(StateFileTest, refuses_other_versions_with_the_reason) {
    EXPECT_THAT(parse_state_file(file_of("", "3"), kProject), HasCode(ErrorCode::Unimplemented));
    EXPECT_THAT(error_of(file_of("", "3")), HasSubstr("Terraform 0.11"));
    EXPECT_THAT(error_of(file_of("", "5")), HasSubstr("newer Terraform"));
}

TEST(StateFileTest, names_the_field_that_is_wrong) {
    EXPECT_THAT(error_of(""), HasSubstr("not valid JSON"));
    EXPECT_THAT(error_of("[]"), HasSubstr("expected a JSON object"));
    EXPECT_THAT(error_of("{}"), HasSubstr("$.version: missing"));
    EXPECT_THAT(error_of(R"({"version": 4, "terraform_version": "1", "serial": 1, "lineage": ""})"),
                HasSubstr("$.resources: missing"));
    EXPECT_THAT(error_of(file_of("7")), HasSubstr("$.resources[0]: expected an object"));
    EXPECT_THAT(error_of(file_of("{}")), HasSubstr("$.resources[0].mode: missing"));
    EXPECT_THAT(error_of(file_of(resource("google_storage_bucket", "{}"))),
                HasSubstr("$.resources[0].instances[0].attributes: missing"));
    EXPECT_THAT(error_of(file_of(resource("google_storage_bucket", R"({"attributes": {}})"))),
                HasSubstr("$.resources[0].instances[0].attributes: $.name: missing"));
    EXPECT_THAT(error_of(file_of(resource("google_storage_bucket",
                                          R"({"attributes": {"name": "b", "labels": 3}})"))),
                HasSubstr("$.labels: expected an object"));
    EXPECT_THAT(error_of(file_of(resource("google_sql_database_instance",
                                          R"({"attributes": {"name": "b", "settings": [1]}})"))),
                HasSubstr("$.settings[0]: expected an object"));
    EXPECT_THAT(error_of(file_of(resource("x", R"({"attributes_flat": {}})"))),
                HasSubstr("terraform apply"));
}

}  // namespace
}  // namespace aipress::inventory
