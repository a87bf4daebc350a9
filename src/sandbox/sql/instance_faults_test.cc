// What happens to a Cloud SQL instance on purpose, over a real server.
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "mysql/connection.h"
#include "sandbox/sql/server.h"
#include "testing/faulty_sandbox.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;
using testing::must;
using testing::test_context;

std::string const kProject = "/sql/v1beta4/projects/sandbox-project/";
std::string const kInstance = kProject + "instances/tenant-db";

class InstanceFaultsTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
        wait_for(host_.post(kProject + "instances", {{"name", "tenant-db"},
                                                     {"rootPassword", "root-s3cret"},
                                                     {"settings", {{"tier", "db-g1-small"}}}}));
    }
    void wait_for(HttpAnswer const& begun) {
        ASSERT_EQ(begun.status, 200) << begun.text;
        auto const name = std::string(begun.body.at("name").as_string());
        auto const context = test_context();
        while (host_.get(kProject + "operations/" + name).body.at("status") != "DONE") {
            ASSERT_TRUE(context.sleep(milliseconds(10))) << "not done in time";
        }
    }
    Result<mysql::Connection> try_to_connect() {
        mysql::Endpoint endpoint;
        // Of a method that no rule is about.
        auto const shown =
            host_.get(kProject + "instances").body.at_pointer("/items/0/ipAddresses/0/ipAddress");
        endpoint.host = shown.as_string();
        endpoint.user = "root";
        endpoint.password = "root-s3cret";
        return mysql::Connection::open(test_context(), endpoint);
    }
    mysql::Connection connect() {
        auto const context = test_context();
        for (;;) {
            auto connection = try_to_connect();
            if (connection.ok()) return connection.release();
            if (!context.sleep(milliseconds(20))) return must(std::move(connection));
        }
    }
    HttpAnswer ask(std::string_view kind, std::string_view instance = "tenant-db") {
        return host_.post("/sandbox/v1/faults",
                          {{"kind", kind}, {"project", "sandbox-project"}, {"instance", instance}});
    }

    SystemClock clock_;
    testing::FaultySandbox sandbox_{
        clock_, R"({"kind": "instance_crash", "method": "sql.instances.get", "at": [2],
                    "instance": "tenant-*"})"};
    testing::SandboxHost& host_ = sandbox_.host();
};

TEST_F(InstanceFaultsTest, ACrashEndsItsSessionsAndItComesBackWithItsRows) {
    auto session = connect();
    must(session.execute(test_context(), "CREATE DATABASE wp"));
    must(session.execute(test_context(), "CREATE TABLE wp.t (a INT PRIMARY KEY)"));
    must(session.execute(test_context(), "INSERT INTO wp.t VALUES (1)"));
    EXPECT_EQ(host_.get(kInstance).status, 200);
    EXPECT_EQ(must(session.query(test_context(), "SELECT a FROM wp.t")).scalar(), "1");
    EXPECT_EQ(host_.get(kInstance).body.at("state"), "RUNNABLE");
    EXPECT_FALSE(session.query(test_context(), "SELECT a FROM wp.t").ok());
    EXPECT_EQ(sandbox_.journaled_faults().back(), "instance_crash");
    auto again = connect();
    EXPECT_EQ(must(again.query(test_context(), "SELECT a FROM wp.t")).scalar(), "1");
    EXPECT_EQ(ask("instance_crash").status, 200);
    EXPECT_FALSE(again.query(test_context(), "SELECT a FROM wp.t").ok());
    connect();
}

TEST_F(InstanceFaultsTest, AFullDiskShutsItDownUntilItIsLarger) {
    connect();
    EXPECT_EQ(ask("instance_out_of_disk").status, 200);
    EXPECT_FALSE(try_to_connect().ok());
    auto const full = host_.get(kInstance);
    EXPECT_EQ(full.body.at("state"), "SUSPENDED");
    EXPECT_EQ(full.body.at_pointer("/outOfDiskReport/sqlOutOfDiskState"), "SOFT_SHUTDOWN");
    EXPECT_EQ(host_.post(kInstance + "/restart", json::object()).status, 400);
    EXPECT_EQ(ask("instance_out_of_disk").status, 404);
    wait_for(host_.patch(kInstance, {{"settings", {{"userLabels", {{"a", "b"}}}}}}));
    EXPECT_FALSE(try_to_connect().ok());
    host_.restart();
    EXPECT_FALSE(try_to_connect().ok());
    wait_for(host_.patch(kInstance, {{"settings", {{"dataDiskSizeGb", "20"}}}}));
    connect();
    auto const larger = host_.get(kProject + "instances").body.at_pointer("/items/0");
    EXPECT_EQ(larger.at("state"), "RUNNABLE");
    EXPECT_EQ(larger.at_pointer("/outOfDiskReport/sqlOutOfDiskState"), "NORMAL");
}

TEST_F(InstanceFaultsTest, WhatCannotBeDoneIsSaid) {
    EXPECT_EQ(ask("instance_crash", "other").status, 404);
    EXPECT_EQ(ask("lost_response").status, 400);
    EXPECT_EQ(host_.post("/sandbox/v1/faults", {{"kind", "instance_crash"}}).status, 400);
}

}  // namespace
}  // namespace aipress::sandbox
