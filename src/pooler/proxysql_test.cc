#include "pooler/proxysql.h"

#include <gmock/gmock.h>

#include "testing/proxysql_stand_in.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::pooler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Not;
using testing::test_context;

constexpr auto kSecret = "o'brien\\ \"x\"";

TenantEntry entry(std::string const& user = "tenant-001") {
    return {.tenant = user,
            .user = user,
            .password = kSecret,
            .schema = "tenant_001",
            .hostgroup = 3,
            .host = "10.0.0.3"};
}

class ProxySqlTest : public ::testing::Test {
protected:
    ProxySql connect(std::string password = "sesame") const {
        return must(open(std::move(password)));
    }
    Result<ProxySql> open(std::string password) const {
        mysql::Endpoint admin;
        admin.host = "127.0.0.1";
        admin.port = server_.port();
        admin.user = "admin";
        admin.password = std::move(password);
        return ProxySql::open(test_context(), admin);
    }

    testing::ProxySqlStandIn server_{"admin", "sesame"};
};

TEST_F(ProxySqlTest, ATenantIsInAllLayersAndASecondTimeNothingIsWritten) {
    auto proxysql = connect();
    EXPECT_EQ(must(proxysql.ensure_tenant(test_context(), entry())), Ensured::Now);
    for (auto const layer : {Layer::Memory, Layer::Runtime, Layer::Disk}) {
        auto const state = must(proxysql.read_tenant(test_context(), "tenant-001", layer));
        ASSERT_TRUE(state) << to_string(layer);
        EXPECT_EQ(state->schema, "tenant_001");
        EXPECT_EQ(state->hostgroup, 3u);
        EXPECT_EQ(state->connections, 100u);
        EXPECT_TRUE(state->is_active);
        EXPECT_THAT(state->servers, ElementsAre("10.0.0.3:3306, at most 500"));
    }
    auto const before = server_.statements().size();
    EXPECT_EQ(must(proxysql.ensure_tenant(test_context(), entry())), Ensured::Before);
    auto const statements = server_.statements();
    for (auto at = before; at < statements.size(); ++at) {
        EXPECT_TRUE(statements[at].starts_with("SELECT ")) << statements[at];
    }
}

TEST_F(ProxySqlTest, DriftIsToldAndMended) {
    auto proxysql = connect();
    (void)must(proxysql.ensure_tenant(test_context(), entry()));
    EXPECT_THAT(must(proxysql.differences(test_context(), entry())), IsEmpty());
    server_.run(
        "UPDATE main.runtime_mysql_users SET default_hostgroup = 7;"
        "UPDATE disk.mysql_servers SET hostname = '10.0.0.9';"
        "UPDATE main.mysql_users SET password = 'other', active = 0");
    auto const found = must(proxysql.differences(test_context(), entry()));
    EXPECT_THAT(found,
                ElementsAre("memory: the user is not active", "memory: the password is another one",
                            "runtime: hostgroup is 7, not 3",
                            "runtime: servers are '', not '10.0.0.3:3306, at most 500'",
                            "disk: servers are '10.0.0.9:3306, at most 500', not "
                            "'10.0.0.3:3306, at most 500'"));
    EXPECT_EQ(must(proxysql.ensure_tenant(test_context(), entry())), Ensured::Now);
    EXPECT_THAT(must(proxysql.differences(test_context(), entry())), IsEmpty());
}

TEST_F(ProxySqlTest, BrokenOffAnywhereItEndsTheSame) {
    for (bool const is_forgotten : {false, true}) {
        unsigned at = 1;
        for (bool is_done = false; !is_done; ++at) {
            auto proxysql = connect();
            server_.run("DELETE FROM main.mysql_users; DELETE FROM main.mysql_servers");
            for (auto const* const kept : {"main.runtime_mysql_", "disk.mysql_"}) {
                server_.run(std::string("DELETE FROM ") + kept + "users");
                server_.run(std::string("DELETE FROM ") + kept + "servers");
            }
            if (is_forgotten) (void)must(proxysql.ensure_tenant(test_context(), entry()));
            server_.break_off_at(at);
            auto const broken =
                is_forgotten
                    ? proxysql.forget_tenant(test_context(), "tenant-001", "tenant-001").ok()
                    : proxysql.ensure_tenant(test_context(), entry()).ok();
            is_done = broken;
            server_.break_off_at(0);
            auto again = connect();
            if (is_forgotten) {
                ASSERT_TRUE(again.forget_tenant(test_context(), "tenant-001", "tenant-001").ok());
                for (auto const layer : {Layer::Memory, Layer::Runtime, Layer::Disk}) {
                    EXPECT_FALSE(must(again.read_tenant(test_context(), "tenant-001", layer)));
                }
            } else {
                (void)must(again.ensure_tenant(test_context(), entry()));
                EXPECT_THAT(must(again.differences(test_context(), entry())), IsEmpty()) << at;
            }
        }
        EXPECT_GE(at, 8u);
    }
}

TEST_F(ProxySqlTest, AHostgroupStaysWhileAnotherTenantHasIt) {
    auto proxysql = connect();
    (void)must(proxysql.ensure_tenant(test_context(), entry()));
    (void)must(proxysql.ensure_tenant(test_context(), entry("tenant-002")));
    ASSERT_TRUE(proxysql.forget_tenant(test_context(), "tenant-001", "tenant-001").ok());
    EXPECT_THAT(must(proxysql.differences(test_context(), entry("tenant-002"))), IsEmpty());
    ASSERT_TRUE(proxysql.forget_tenant(test_context(), "tenant-002", "tenant-002").ok());
    ASSERT_TRUE(proxysql.forget_tenant(test_context(), "tenant-003", "tenant-003").ok());
    (void)must(proxysql.ensure_tenant(test_context(), entry()));
    EXPECT_THAT(must(proxysql.differences(test_context(), entry())), IsEmpty());
}

TEST_F(ProxySqlTest, WhatIsAnothersIsNeitherTakenNorTakenAway) {
    auto proxysql = connect();
    server_.run(
        "INSERT INTO main.mysql_users (username, password, default_hostgroup) VALUES "
        "('tenant-001', 'x', 3)");
    auto const refused = proxysql.ensure_tenant(test_context(), entry());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::AlreadyExists);
    EXPECT_THAT(refused.error().message(), HasSubstr("aipress-tenant=tenant-001"));
    ASSERT_TRUE(proxysql.forget_tenant(test_context(), "tenant-001", "tenant-001").ok());
    auto const kept = must(proxysql.read_tenant(test_context(), "tenant-001", Layer::Memory));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->tenant, "");
    EXPECT_EQ(kept->hostgroup, 3u);
    EXPECT_FALSE(proxysql.pause_tenant(test_context(), "tenant-001").ok());
}

TEST_F(ProxySqlTest, AHostgroupIsATenantsOwnAndStaysTheSame) {
    auto proxysql = connect();
    auto const first = must(proxysql.hostgroup_for(test_context(), "tenant-001"));
    EXPECT_EQ(must(proxysql.hostgroup_for(test_context(), "tenant-001")), first);
    EXPECT_GE(first, 10'000u);
    auto other = entry("tenant-002");
    other.hostgroup = first;
    (void)must(proxysql.ensure_tenant(test_context(), other));
    auto const next = must(proxysql.hostgroup_for(test_context(), "tenant-001"));
    EXPECT_EQ(next, first + 1);
    server_.run(
        "INSERT INTO disk.mysql_servers (hostgroup_id, hostname, port, status, "
        "max_connections, comment) VALUES (" +
        std::to_string(next) + ", '10.0.0.9', 3306, 'ONLINE', 9, '')");
    auto mine = entry();
    mine.hostgroup = must(proxysql.hostgroup_for(test_context(), "tenant-001"));
    EXPECT_EQ(mine.hostgroup, next + 1);
    (void)must(proxysql.ensure_tenant(test_context(), mine));
    EXPECT_EQ(must(proxysql.hostgroup_for(test_context(), "tenant-001")), mine.hostgroup);
}

TEST_F(ProxySqlTest, APauseHoldsOneTenantUntilItIsResumedAndIsNoDrift) {
    auto proxysql = connect();
    auto other = entry("tenant-002");
    other.hostgroup = 4;
    (void)must(proxysql.ensure_tenant(test_context(), entry()));
    (void)must(proxysql.ensure_tenant(test_context(), other));
    server_.run(
        "INSERT INTO stats_mysql_connection_pool VALUES (3, '10.0.0.3', 3306, '', 2, 1), "
        "(4, '10.0.0.3', 3306, '', 9, 0)");
    auto const busy = proxysql.pause_tenant(test_context().within(milliseconds(60)), "tenant-001");
    ASSERT_FALSE(busy.ok());
    EXPECT_EQ(busy.error().code(), ErrorCode::DeadlineExceeded);
    EXPECT_THAT(busy.error().message(), HasSubstr("2 connections of 'tenant-001'"));
    server_.run("UPDATE stats_mysql_connection_pool SET ConnUsed = 0 WHERE hostgroup = 3");
    ASSERT_TRUE(proxysql.pause_tenant(test_context(), "tenant-001").ok());
    // A new server takes the pause over.
    auto moved = entry();
    moved.host = "10.0.0.8";
    (void)must(proxysql.ensure_tenant(test_context(), moved));
    EXPECT_THAT(must(proxysql.differences(test_context(), moved)), IsEmpty());
    for (auto const layer : {Layer::Memory, Layer::Runtime, Layer::Disk}) {
        EXPECT_TRUE(must(proxysql.read_tenant(test_context(), "tenant-001", layer))->is_paused);
        EXPECT_FALSE(must(proxysql.read_tenant(test_context(), "tenant-002", layer))->is_paused);
    }
    ASSERT_TRUE(proxysql.resume_tenant(test_context(), "tenant-001").ok());
    EXPECT_FALSE(
        must(proxysql.read_tenant(test_context(), "tenant-001", Layer::Runtime))->is_paused);
    EXPECT_THAT(must(proxysql.differences(test_context(), moved)), IsEmpty());
    // Who shares a hostgroup would be held with it.
    other.hostgroup = 3;
    other.host = moved.host;
    (void)must(proxysql.ensure_tenant(test_context(), other));
    EXPECT_EQ(proxysql.pause_tenant(test_context(), "tenant-001").error().code(),
              ErrorCode::FailedPrecondition);
}

TEST_F(ProxySqlTest, APasswordIsInNoError) {
    EXPECT_FALSE(open("wrong-password").ok());
    EXPECT_THAT(open("wrong-password").error().message(), Not(HasSubstr("wrong-password")));
    auto proxysql = connect();
    auto faulty = entry();
    faulty.password = "*a-hash";
    auto const refused = proxysql.ensure_tenant(test_context(), faulty);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::InvalidArgument);
    EXPECT_THAT(refused.error().message(), Not(HasSubstr("a-hash")));
    server_.run(
        "CREATE TRIGGER main.no BEFORE INSERT ON mysql_users BEGIN SELECT "
        "RAISE(ABORT, 'no room'); END");
    auto const failed = proxysql.ensure_tenant(test_context(), entry());
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message(), "ProxySQL refuses the user 'tenant-001'");
    auto unnamed = entry("");
    EXPECT_FALSE(proxysql.ensure_tenant(test_context(), unnamed).ok());
}

}  // namespace
}  // namespace aipress::pooler
