// Cloud SQL as a client sees it, over real servers.
#include "sandbox/sql/cloud_sql.h"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "mysql/connection.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::must;
using testing::test_context;

std::string const kInstances = "/sql/v1beta4/projects/sandbox-project/instances";

class CloudSqlTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    }

    // Waits until it is done; the error's message, "" when it went well.
    std::string outcome_of(HttpAnswer const& begun) {
        if (begun.status != 200) return begun.text;
        auto const path = "/sql/v1beta4/projects/sandbox-project/operations/" +
                          std::string(begun.body.at("name").as_string());
        auto const context = test_context();
        for (;;) {
            auto const now = host_.get(path);
            if (now.status != 200) return now.text;
            if (now.body.at("status") == "DONE") {
                boost::system::error_code failure;
                auto const* const error = now.body.find_pointer("/error/errors/0/message", failure);
                return error == nullptr ? "" : std::string(error->as_string());
            }
            if (!context.sleep(milliseconds(10))) return "not done in time";
        }
    }
    json::object wanted(std::string const& name) {
        return {{"name", name},
                {"region", "us-central1"},
                {"databaseVersion", "MYSQL_8_0"},
                {"rootPassword", "root-s3cret"},
                {"settings",
                 {{"tier", "db-g1-small"},
                  {"backupConfiguration", {{"enabled", true}, {"binaryLogEnabled", true}}}}}};
    }
    void create(std::string const& name) {
        ASSERT_EQ(outcome_of(host_.post(kInstances, wanted(name))), "");
    }
    HttpAnswer instance(std::string const& name) { return host_.get(kInstances + "/" + name); }
    mysql::Endpoint endpoint(std::string const& name, std::string const& user,
                             std::string const& password, std::string const& database) {
        auto const shown = instance(name);
        mysql::Endpoint endpoint;
        endpoint.host = shown.body.at_pointer("/ipAddresses/0/ipAddress").as_string();
        endpoint.user = user;
        endpoint.password = password;
        endpoint.database = database;
        return endpoint;
    }
    mysql::Connection connect(std::string const& name, std::string const& user = "root",
                              std::string const& password = "root-s3cret",
                              std::string const& database = "") {
        return must(
            mysql::Connection::open(test_context(), endpoint(name, user, password, database)));
    }
    std::string scalar(mysql::Connection& connection, std::string const& sql) {
        return must(connection.query(test_context(), sql)).scalar().value_or("NULL");
    }
    void execute(mysql::Connection& connection, std::string const& sql) {
        must(connection.execute(test_context(), sql));
    }
    std::string make_database(std::string const& name, std::string const& database) {
        return outcome_of(host_.post(
            kInstances + "/" + name + "/databases",
            {{"name", database}, {"charset", "utf8mb4"}, {"collation", "utf8mb4_0900_ai_ci"}}));
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(CloudSqlTest, AnInstanceIsARealServer) {
    create("wp-db");
    auto const shown = instance("wp-db");
    EXPECT_EQ(shown.body.at("state"), "RUNNABLE");
    EXPECT_EQ(shown.body.at("connectionName"), "sandbox-project:us-central1:wp-db");
    EXPECT_EQ(shown.body.at_pointer("/settings/settingsVersion"), "1");
    EXPECT_FALSE(shown.body.as_object().contains("rootPassword"));
    auto root = connect("wp-db");
    EXPECT_EQ(scalar(root, "SELECT @@log_bin"), "1");
    EXPECT_EQ(scalar(root, "SELECT @@max_connections"), "1000");
    EXPECT_FALSE(root.execute(test_context(), "SELECT 1 INTO OUTFILE 'x.txt'").ok());

    EXPECT_EQ(make_database("wp-db", "wp"), "");
    EXPECT_THAT(make_database("wp-db", "wp"), HasSubstr("already exists"));
    EXPECT_EQ(outcome_of(host_.post(kInstances + "/wp-db/users",
                                    {{"name", "wp"}, {"host", "%"}, {"password", "it's"}})),
              "");
    auto user = connect("wp-db", "wp", "it's", "wp");
    execute(user, "CREATE TABLE t (a INT PRIMARY KEY)");
    execute(user, "INSERT INTO t VALUES (1)");
    auto const users = host_.get(kInstances + "/wp-db/users");
    EXPECT_EQ(users.body.at("items").as_array().size(), 2u) << users.text;
    EXPECT_THAT(users.text, ::testing::Not(HasSubstr("it's")));

    host_.restart();
    auto again = connect("wp-db", "wp", "it's", "wp");
    EXPECT_EQ(scalar(again, "SELECT a FROM t"), "1");
    EXPECT_EQ(outcome_of(host_.call("PUT", kInstances + "/wp-db/users?name=wp&host=%25",
                                    R"({"password": "new"})")),
              "");
    connect("wp-db", "wp", "new", "wp");
    EXPECT_EQ(outcome_of(host_.remove(kInstances + "/wp-db/users?name=wp&host=%25")), "");
    EXPECT_EQ(host_.remove(kInstances + "/wp-db/users?name=wp&host=%25").status, 404);
    EXPECT_EQ(outcome_of(host_.remove(kInstances + "/wp-db/databases/wp")), "");
    EXPECT_EQ(host_.get(kInstances + "/wp-db/databases/wp").status, 404);
}

TEST_F(CloudSqlTest, OneThatIsMadeStoppedHasNoServerBeforeItIsStarted) {
    auto body = wanted("late-db");
    body.erase("rootPassword");
    body["settings"].as_object()["activationPolicy"] = "NEVER";
    ASSERT_EQ(outcome_of(host_.post(kInstances, body)), "");
    EXPECT_EQ(instance("late-db").body.at("state"), "RUNNABLE");
    auto const folder = host_.data() / "sql";
    EXPECT_TRUE(!std::filesystem::exists(folder) || std::filesystem::is_empty(folder));
    EXPECT_EQ(host_.get(kInstances + "/late-db/databases").status, 400);
    ASSERT_EQ(outcome_of(host_.patch(kInstances + "/late-db",
                                     {{"settings", {{"activationPolicy", "ALWAYS"}}}})),
              "");
    auto root = connect("late-db", "root", "");
    EXPECT_EQ(scalar(root, "SELECT 1"), "1");
    EXPECT_EQ(outcome_of(host_.remove(kInstances + "/late-db")), "");
}

TEST_F(CloudSqlTest, NamesAndSettingsAreHeldToGooglesRules) {
    create("wp-db");
    auto const twice = host_.post(kInstances, wanted("wp-db"));
    EXPECT_EQ(twice.status, 409);
    EXPECT_EQ(twice.reason(), "instanceAlreadyExists");
    auto const refused = [&](std::string_view member, json::value value) {
        auto body = wanted("other-db");
        body["settings"].as_object()[member] = std::move(value);
        return host_.post(kInstances, body).status;
    };
    EXPECT_EQ(refused("tier", "db-huge"), 400);
    EXPECT_EQ(refused("databaseFlags", {{{"name", "no_such_flag"}, {"value", "1"}}}), 400);
    EXPECT_EQ(refused("databaseFlags", {{{"name", "max_connections"}, {"value", "many"}}}), 400);
    EXPECT_EQ(refused("databaseFlags", {{{"name", "sql_mode"}, {"value", "x\nplugin_dir=/"}}}),
              400);
    EXPECT_EQ(refused("backupConfiguration", {{"binaryLogEnabled", true}}), 400);
    EXPECT_EQ(host_.post(kInstances, wanted("Upper")).status, 400);
    EXPECT_EQ(instance("other-db").status, 404);
    EXPECT_EQ(instance("other-db").reason(), "instanceDoesNotExist");

    auto const patch = [&](json::object settings) {
        return host_.patch(kInstances + "/wp-db", {{"settings", std::move(settings)}});
    };
    EXPECT_EQ(outcome_of(patch(
                  {{"databaseFlags", {{{"name", "group_concat_max_len"}, {"value", "4096"}}}}})),
              "");
    auto root = connect("wp-db");
    EXPECT_EQ(scalar(root, "SELECT @@group_concat_max_len"), "4096");
    EXPECT_EQ(instance("wp-db").body.at_pointer("/settings/settingsVersion"), "2");
    EXPECT_EQ(patch({{"settingsVersion", "1"}, {"tier", "db-f1-micro"}}).status, 412);

    EXPECT_EQ(outcome_of(patch({{"deletionProtectionEnabled", true}})), "");
    EXPECT_EQ(host_.remove(kInstances + "/wp-db").status, 400);
    EXPECT_EQ(outcome_of(patch({{"activationPolicy", "NEVER"}})), "");
    EXPECT_EQ(make_database("wp-db", "wp").empty(), false);
    EXPECT_EQ(
        outcome_of(patch({{"activationPolicy", "ALWAYS"}, {"deletionProtectionEnabled", false}})),
        "");
    EXPECT_EQ(make_database("wp-db", "wp"), "");
    EXPECT_EQ(outcome_of(host_.remove(kInstances + "/wp-db")), "");
    EXPECT_EQ(instance("wp-db").status, 404);
    EXPECT_EQ(host_.post(kInstances, wanted("wp-db")).reason(), "instanceAlreadyExists");
}

TEST_F(CloudSqlTest, ExportsAndImportsAreRealFiles) {
    create("from-db");
    create("to-db");
    ASSERT_EQ(make_database("from-db", "wp"), "");
    auto source = connect("from-db", "root", "root-s3cret", "wp");
    execute(source, "CREATE TABLE wp_posts (id INT PRIMARY KEY, body LONGTEXT, bytes BLOB)");
    execute(source,
            "INSERT INTO wp_posts VALUES (1, 'a\\'b\n(utf8mb4_0900_ai_ci) \xF0\x9F\x98\x80', "
            "UNHEX('00FF27'))");
    host_.post("/storage/v1/b?project=sandbox-project", {{"name", "dumps"}});
    auto const transfer = [&](std::string const& instance_name, std::string const& verb,
                              std::string const& uri) {
        json::object context{{"uri", uri}, {"fileType", "SQL"}};
        if (verb == "export") context["databases"] = json::array{"wp"};
        return outcome_of(host_.post(kInstances + "/" + instance_name + "/" + verb,
                                     {{verb + "Context", context}}));
    };
    for (std::string const uri : {"gs://dumps/wp.sql", "gs://dumps/dir/wp.sql.gz"}) {
        EXPECT_EQ(transfer("from-db", "export", uri), "");
        EXPECT_EQ(transfer("to-db", "import", uri), "");
        auto target = connect("to-db", "root", "root-s3cret", "wp");
        auto const sum = "SELECT MD5(CONCAT(id, body, bytes)) FROM wp_posts";
        EXPECT_EQ(scalar(target, sum), scalar(source, sum));
        execute(target, "DROP DATABASE wp");
    }
    EXPECT_THAT(transfer("from-db", "export", "gs://dumps/wp.sql"), HasSubstr("already exists"));
    EXPECT_THAT(transfer("from-db", "export", "gs://nowhere/wp.sql"), HasSubstr("does not exist"));
    EXPECT_THAT(transfer("to-db", "import", "gs://dumps/none.sql"), HasSubstr("No such object"));
    EXPECT_THAT(transfer("to-db", "import", "dumps/none.sql"), HasSubstr("gs://BUCKET/OBJECT"));
}

TEST_F(CloudSqlTest, BackupsAreRestoredAndInstancesCloned) {
    create("wp-db");
    ASSERT_EQ(make_database("wp-db", "wp"), "");
    auto root = connect("wp-db", "root", "root-s3cret", "wp");
    execute(root, "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB");
    execute(root, "INSERT INTO t VALUES (1)");
    auto const backup = host_.post(kInstances + "/wp-db/backupRuns", {{"description", "first"}});
    ASSERT_EQ(outcome_of(backup), "");
    auto const runs = host_.get(kInstances + "/wp-db/backupRuns");
    auto const id = std::string(runs.body.at_pointer("/items/0/id").as_string());
    EXPECT_EQ(runs.body.at_pointer("/items/0/status"), "SUCCESSFUL");
    execute(root, "INSERT INTO t VALUES (2)");
    EXPECT_EQ(outcome_of(host_.post(kInstances + "/wp-db/clone",
                                    {{"cloneContext", {{"destinationInstanceName", "copy-db"}}}})),
              "");
    auto copy = connect("copy-db", "root", "root-s3cret", "wp");
    EXPECT_EQ(scalar(copy, "SELECT COUNT(*) FROM t"), "2");
    auto const restore = [&](std::string const& run) {
        return host_.post(
            kInstances + "/wp-db/restoreBackup",
            {{"restoreBackupContext", {{"backupRunId", run}, {"instanceId", "wp-db"}}}});
    };
    EXPECT_EQ(outcome_of(restore(id)), "");
    auto restored = connect("wp-db", "root", "root-s3cret", "wp");
    EXPECT_EQ(scalar(restored, "SELECT COUNT(*) FROM t"), "1");
    EXPECT_EQ(scalar(copy, "SELECT COUNT(*) FROM t"), "2");
    EXPECT_EQ(restore("999").status, 404);
    EXPECT_EQ(outcome_of(host_.remove(kInstances + "/wp-db/backupRuns/" + id)), "");
    EXPECT_EQ(host_.get(kInstances + "/wp-db/backupRuns/" + id).status, 404);
}

TEST_F(CloudSqlTest, OneOperationAtATimeAndNewestFirst) {
    create("wp-db");
    auto const first = host_.post(kInstances + "/wp-db/restart", json::object());
    auto const second = host_.post(kInstances + "/wp-db/restart", json::object());
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(second.reason(), "operationInProgress");
    EXPECT_EQ(outcome_of(first), "");
    auto const listed =
        host_.get("/sql/v1beta4/projects/sandbox-project/operations?instance=wp-db&maxResults=1");
    EXPECT_EQ(listed.body.at_pointer("/items/0/operationType"), "RESTART");
    auto const next =
        host_.get("/sql/v1beta4/projects/sandbox-project/operations?instance=wp-db&pageToken=" +
                  std::string(listed.body.at("nextPageToken").as_string()));
    EXPECT_EQ(next.body.at_pointer("/items/0/operationType"), "CREATE");
    EXPECT_EQ(host_.get("/sql/v1beta4/projects/sandbox-project/operations/none").status, 404);
}

TEST_F(CloudSqlTest, WhatAStopInterruptsIsCarriedOn) {
    auto const begun = host_.post(kInstances, wanted("wp-db"));
    host_.restart();  // it is being made, most likely
    EXPECT_EQ(outcome_of(begun), "");
    ASSERT_EQ(make_database("wp-db", "wp"), "");
    auto root = connect("wp-db", "root", "root-s3cret", "wp");
    auto const deleted = host_.remove(kInstances + "/wp-db");
    host_.restart();
    EXPECT_EQ(outcome_of(deleted), "");
    EXPECT_EQ(instance("wp-db").status, 404);
}

TEST_F(CloudSqlTest, AServerThatCrashesComesBack) {
    create("wp-db");
    auto root = connect("wp-db");
    auto const file = scalar(root, "SELECT @@pid_file");
    pid_t pid = 0;
    std::ifstream(file) >> pid;
    ASSERT_GT(pid, 0);
    ::kill(pid, SIGKILL);
    auto const target = endpoint("wp-db", "root", "root-s3cret", "");
    auto const context = test_context();
    while (!mysql::Connection::open(context, target).ok()) {
        ASSERT_TRUE(context.sleep(milliseconds(10)));
    }
    pid_t now = 0;
    std::ifstream(file) >> now;
    EXPECT_NE(now, pid);
}

}  // namespace
}  // namespace aipress::sandbox
