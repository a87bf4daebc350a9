#include "testing/database_server.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aipress::testing {
namespace {

class DatabaseServerTest : public ::testing::TestWithParam<ServerKind> {};

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseServerTest,
                         ::testing::Values(ServerKind::MariaDb, ServerKind::MySql56),
                         [](auto const& instance) {
                             return instance.param == ServerKind::MariaDb ? "MariaDb" : "MySql56";
                         });

TEST_P(DatabaseServerTest, ServesKeepsDataOverKillAndLeavesNothing) {
    std::filesystem::path data;
    pid_t pid = 0;
    {
        auto started = DatabaseServer::start({.kind = GetParam(), .server_id = 7});
        if (!started.ok() && started.error().code() == ErrorCode::NotFound)
            GTEST_SKIP() << started.error().message();
        ASSERT_TRUE(started.ok()) << started.error().message();
        DatabaseServer server = started.release();
        data = server.data_directory();
        EXPECT_EQ(server.scalar("SELECT @@server_id"), "7");
        EXPECT_EQ(server.scalar("SELECT @@log_bin"), "1");
        EXPECT_EQ(server.scalar("SELECT @@binlog_format"), "ROW");
        EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM mysql.user WHERE User=''"), "0");
        server.execute("CREATE DATABASE kept");
        server.execute("CREATE TABLE kept.t (id INT PRIMARY KEY) ENGINE=InnoDB");
        server.execute("INSERT INTO kept.t VALUES (1)");
        server.kill();
        auto restarted = server.restart();
        ASSERT_TRUE(restarted.ok()) << restarted.error().message();
        EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM kept.t"), "1");
        ASSERT_TRUE(server.stop().ok());
        restarted = server.restart();
        ASSERT_TRUE(restarted.ok()) << restarted.error().message();
        EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM kept.t"), "1");
        pid = server.pid();
    }
    EXPECT_FALSE(std::filesystem::exists(data));
    EXPECT_NE(::kill(pid, 0), 0);
}

TEST(DatabaseServersTest, TwoServersWithSettings) {
    auto first = DatabaseServer::start({.server_id = 1, .settings = {"max_connections=33"}});
    auto second = DatabaseServer::start({.server_id = 2, .settings = {}});
    ASSERT_TRUE(first.ok()) << first.error().message();
    ASSERT_TRUE(second.ok()) << second.error().message();
    EXPECT_NE(first->port(), second->port());
    EXPECT_EQ(first->scalar("SELECT @@max_connections"), "33");
    EXPECT_EQ(second->scalar("SELECT @@server_id"), "2");
}

TEST(DatabaseServersTest, BadSettingSaysWhy) {
    auto const started = DatabaseServer::start({.settings = {"no_such_setting=1"}});
    ASSERT_FALSE(started.ok());
    EXPECT_THAT(started.error().message(), ::testing::HasSubstr("no_such_setting"));
}

}  // namespace
}  // namespace aipress::testing
