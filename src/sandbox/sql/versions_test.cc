// Cloud SQL in both versions of its API: the same life, by v1 and by v1beta4.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/sql/server.h"
#include "testing/sandbox_host.h"
#include "testing/test_context.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;

class SqlVersionsTest : public ::testing::TestWithParam<char const*> {
protected:
    void SetUp() override {
        if (!find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
        expect_done(host_.post(
            at("instances"),
            {{"name", "db"},
             {"region", "us-central1"},
             {"databaseVersion", "MYSQL_8_0"},
             {"rootPassword", "s3cret"},
             {"settings",
              {{"tier", "db-g1-small"},
               {"backupConfiguration", {{"enabled", true}, {"binaryLogEnabled", true}}}}}}));
    }
    static std::string at(std::string_view path) {
        // v1 has no "/sql" in front, nor is it asked by an address: another API is like it.
        std::string_view const version = GetParam();
        return fmt::format("//sqladmin.googleapis.com{}/{}/projects/sandbox-project/{}",
                           version == "v1" ? "" : "/sql", version, path);
    }
    void expect_done(HttpAnswer const& begun) {
        ASSERT_EQ(begun.status, 200) << begun.text;
        auto const path =
            at(fmt::format("operations/{}", begun.body.at("name").as_string().c_str()));
        auto const context = testing::test_context();
        auto now = host_.get(path);
        while (now.body.at("status") != "DONE") {
            ASSERT_TRUE(context.sleep(milliseconds(10))) << now.text;
            now = host_.get(path);
        }
        EXPECT_FALSE(now.body.as_object().contains("error")) << now.text;
    }
    json::value shown(std::string_view path) {
        auto const answer = host_.get(at(path));
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.body;
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_P(SqlVersionsTest, AnInstanceIsChangedListedAndTold) {
    EXPECT_EQ(shown("instances").at_pointer("/items/0/name"), "db");
    expect_done(host_.patch(at("instances/db"), {{"settings", {{"userLabels", {{"a", "1"}}}}}}));
    auto whole = shown("instances/db").as_object();
    EXPECT_EQ(whole.at("settings").at_pointer("/userLabels/a"), "1");
    whole["settings"].as_object()["userLabels"] = json::object{{"b", "2"}};
    expect_done(host_.put(at("instances/db"), whole));
    auto const labels = shown("instances/db").at_pointer("/settings/userLabels");
    EXPECT_EQ(labels, (json::object{{"b", "2"}}));
    expect_done(host_.post(at("instances/db/restart"), json::object()));
    auto const operations = shown("operations?instance=db");
    EXPECT_EQ(operations.at_pointer("/items/0/operationType"), "RESTART");
    EXPECT_EQ(shown("instances/db/connectSettings").at("backendType"), "SECOND_GEN");
    EXPECT_GT(shown("tiers").at("items").as_array().size(), 5u);
    expect_done(host_.remove(at("instances/db")));
    EXPECT_EQ(host_.get(at("instances/db")).status, 404);
}

TEST_P(SqlVersionsTest, DatabasesAndUsers) {
    expect_done(host_.post(at("instances/db/databases"), {{"name", "wp"}}));
    EXPECT_EQ(shown("instances/db/databases/wp").at("charset"), "utf8mb4");
    EXPECT_THAT(host_.get(at("instances/db/databases")).text, ::testing::HasSubstr("\"wp\""));
    expect_done(host_.patch(at("instances/db/databases/wp"),
                            {{"charset", "utf8mb4"}, {"collation", "utf8mb4_bin"}}));
    EXPECT_EQ(shown("instances/db/databases/wp").at("collation"), "utf8mb4_bin");
    expect_done(host_.put(at("instances/db/databases/wp"),
                          {{"charset", "latin1"}, {"collation", "latin1_swedish_ci"}}));
    EXPECT_EQ(shown("instances/db/databases/wp").at("charset"), "latin1");
    expect_done(host_.remove(at("instances/db/databases/wp")));
    EXPECT_EQ(host_.get(at("instances/db/databases/wp")).status, 404);

    expect_done(
        host_.post(at("instances/db/users"), {{"name", "wp"}, {"host", "%"}, {"password", "x"}}));
    EXPECT_EQ(shown("instances/db/users/wp?host=%25").at("name"), "wp");
    expect_done(host_.put(at("instances/db/users?name=wp&host=%25"), {{"password", "y"}}));
    EXPECT_EQ(shown("instances/db/users").at("items").as_array().size(), 2u);
    expect_done(host_.remove(at("instances/db/users?name=wp&host=%25")));
    EXPECT_EQ(host_.get(at("instances/db/users/wp?host=%25")).status, 404);
}

TEST_P(SqlVersionsTest, CopiesAndDumps) {
    expect_done(host_.post(at("instances/db/databases"), {{"name", "wp"}}));
    expect_done(host_.post(at("instances/db/backupRuns"), {{"description", "first"}}));
    auto const id =
        std::string(shown("instances/db/backupRuns").at_pointer("/items/0/id").as_string());
    EXPECT_EQ(shown("instances/db/backupRuns/" + id).at("status"), "SUCCESSFUL");
    expect_done(
        host_.post(at("instances/db/restoreBackup"),
                   {{"restoreBackupContext", {{"backupRunId", id}, {"instanceId", "db"}}}}));
    expect_done(host_.remove(at("instances/db/backupRuns/" + id)));
    EXPECT_EQ(host_.get(at("instances/db/backupRuns/" + id)).status, 404);
    host_.post("/storage/v1/b?project=sandbox-project", {{"name", "dumps"}});
    json::object context{
        {"uri", "gs://dumps/wp.sql"}, {"fileType", "SQL"}, {"databases", json::array{"wp"}}};
    expect_done(host_.post(at("instances/db/export"), {{"exportContext", context}}));
    context.erase("databases");
    expect_done(host_.post(at("instances/db/import"), {{"importContext", context}}));
    expect_done(host_.post(at("instances/db/clone"),
                           {{"cloneContext", {{"destinationInstanceName", "copy"}}}}));
    EXPECT_EQ(shown("instances/copy").at("state"), "RUNNABLE");
}

INSTANTIATE_TEST_SUITE_P(Apis, SqlVersionsTest, ::testing::Values("v1", "v1beta4"),
                         [](auto const& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace aipress::sandbox
