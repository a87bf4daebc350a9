// Resources that are read, changed and sent back whole, and what is switched off and on again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/projects.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

class UpdatesTest : public ::testing::Test {
protected:
    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(UpdatesTest, BucketsAndObjectsAreReplaced) {
    host_.post("/storage/v1/b?project=sandbox-project",
               {{"name", "media"}, {"labels", {{"a", "1"}}}});
    auto const listed = host_.get("/storage/v1/b?project=sandbox-project&prefix=med");
    EXPECT_EQ(listed.body.at_pointer("/items/0/name"), "media") << listed.text;
    auto bucket = host_.get("/storage/v1/b/media").body.as_object();
    bucket.erase("labels");
    bucket["versioning"] = json::object{{"enabled", true}};
    ASSERT_EQ(host_.put("/storage/v1/b/media", bucket).status, 200);
    auto const replaced = host_.get("/storage/v1/b/media").body;
    EXPECT_EQ(replaced.at_pointer("/versioning/enabled"), true);
    EXPECT_FALSE(replaced.as_object().contains("labels"));

    host_.call("POST", "/upload/storage/v1/b/media/o?uploadType=media&name=o", "x");
    auto const path = "/storage/v1/b/media/o/o";
    ASSERT_EQ(host_.patch(path, {{"cacheControl", "no-store"}}).status, 200);
    auto object = host_.get(path).body.as_object();
    object.erase("cacheControl");
    object["contentLanguage"] = "en";
    ASSERT_EQ(host_.put(path, object).status, 200);
    auto const after = host_.get(path).body;
    EXPECT_EQ(after.at("contentLanguage"), "en");
    EXPECT_FALSE(after.as_object().contains("cacheControl"));
}

TEST_F(UpdatesTest, DatasetsAndTablesAreReplaced) {
    std::string const datasets =
        "//bigquery.googleapis.com/bigquery/v2/projects/sandbox-project/datasets";
    host_.post(datasets, {{"datasetReference", {{"datasetId", "fleet"}}}});
    EXPECT_EQ(host_.get(datasets + "/fleet").body.at("id"), "sandbox-project:fleet");
    EXPECT_EQ(host_.get(datasets + "/none").reason(), "notFound");
    auto const tables = datasets + "/fleet/tables";
    auto const made =
        host_.post(tables, {{"tableReference", {{"tableId", "sites"}}},
                            {"description", "one"},
                            {"schema", {{"fields", {{{"name", "a"}, {"type", "STRING"}}}}}}});
    ASSERT_EQ(made.status, 200) << made.text;
    auto table = made.body.as_object();
    table.erase("description");
    table["friendlyName"] = "Sites";
    ASSERT_EQ(host_.put(tables + "/sites", table).status, 200);
    auto const after = host_.get(tables + "/sites").body;
    EXPECT_EQ(after.at("friendlyName"), "Sites");
    EXPECT_FALSE(after.as_object().contains("description"));
}

TEST_F(UpdatesTest, AccountsAndTheirKeys) {
    std::string const account =
        "//iam.googleapis.com/v1/projects/sandbox-project/serviceAccounts/"
        "default@sandbox-project.iam.gserviceaccount.com";
    auto shown = host_.get(account).body.as_object();
    shown["displayName"] = "Changed";
    auto const updated = host_.put(account, shown);
    ASSERT_EQ(updated.status, 200) << updated.text;
    EXPECT_EQ(host_.get(account).body.at("displayName"), "Changed");
    auto const key = host_.post(account + "/keys", json::object());
    ASSERT_EQ(key.status, 200) << key.text;
    auto const path = "//iam.googleapis.com/v1/" + std::string(key.body.at("name").as_string());
    ASSERT_EQ(host_.post(path + ":disable", json::object()).status, 200);
    EXPECT_EQ(host_.get(path).body.at("disabled"), true);
    ASSERT_EQ(host_.post(path + ":enable", json::object()).status, 200);
    auto const enabled = host_.get(path).body.as_object();
    EXPECT_TRUE(!enabled.contains("disabled") || enabled.at("disabled") == false);
}

TEST_F(UpdatesTest, SecretsAndTheirVersionsAreShown) {
    std::string const secret = "/v1/projects/sandbox-project/secrets/s";
    host_.post("/v1/projects/sandbox-project/secrets?secretId=s",
               {{"replication", {{"automatic", json::object()}}}});
    EXPECT_TRUE(host_.get(secret).body.as_object().contains("replication"));
    for (auto const* const data : {"eA==", "eQ=="}) {
        EXPECT_EQ(host_.post(secret + ":addVersion", {{"payload", {{"data", data}}}}).status, 200);
    }
    auto const versions = host_.get(secret + "/versions");
    EXPECT_EQ(versions.body.at("totalSize"), 2) << versions.text;
    EXPECT_THAT(versions.text, ::testing::HasSubstr("/secrets/s/versions/1"));
    EXPECT_THAT(versions.text, ::testing::HasSubstr("/secrets/s/versions/2"));
}

TEST_F(UpdatesTest, PoliciesOfFoldersAndOfTheOrganization) {
    auto const begun =
        host_.post("//cloudresourcemanager.googleapis.com/v3/folders",
                   {{"displayName", "folder"}, {"parent", std::string(kOrganization)}});
    auto const done = host_.get("//cloudresourcemanager.googleapis.com/v3/" +
                                std::string(begun.body.at("name").as_string()));
    auto const folder = std::string(done.body.at_pointer("/response/name").as_string());
    std::string const constraint = "iam.disableServiceAccountKeyCreation";
    json::object const enforced{{"rules", {{{"enforce", true}}}}};
    for (auto const& parent : {folder, std::string(kOrganization)}) {
        auto const base = "//orgpolicy.googleapis.com/v2/" + parent;
        auto const path = base + "/policies/" + constraint;
        EXPECT_EQ(host_.get(base + "/constraints").status, 200);
        auto const made = host_.post(
            base + "/policies", {{"name", parent + "/policies/" + constraint}, {"spec", enforced}});
        ASSERT_EQ(made.status, 200) << made.text;
        EXPECT_EQ(host_.get(path).body, made.body);
        EXPECT_EQ(host_.get(base + "/policies").body.at_pointer("/policies/0/name"),
                  made.body.at("name"));
        EXPECT_EQ(host_.get(path + ":getEffectivePolicy").body.at_pointer("/spec/rules/0/enforce"),
                  true);
        json::object const lifted{{"rules", {{{"enforce", false}}}}};
        auto const changed = host_.patch(path, {{"spec", lifted}});
        EXPECT_EQ(changed.body.at_pointer("/spec/rules/0/enforce"), false) << changed.text;
        EXPECT_EQ(host_.remove(path).status, 200);
        EXPECT_EQ(host_.get(path).status, 404);
    }
}

}  // namespace
}  // namespace aipress::sandbox
