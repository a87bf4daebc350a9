// The file as it is, and a real ProxySQL that begins with it where one is installed.
#include "pooler/configuration.h"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <optional>
#include <sstream>
#include <sys/stat.h>

#include "base/free_port.h"
#include "base/subprocess.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::pooler {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Not;
using testing::test_context;

Configuration configuration() {
    return {.admin_user = "admin",
            .admin_password = "sesame",
            .tenants = {{.tenant = "tenant-001",
                         .user = "tenant-001",
                         .password = "o'brien\\ \"x\"",
                         .schema = "tenant_001",
                         .hostgroup = 10'003,
                         .host = "10.0.0.3"}}};
}

TEST(ConfigurationTest, TheFileHasAllAndIsItsOwnersAlone) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const file = folder / "proxysql.cnf";
    std::ofstream(file) << "an earlier one";
    ASSERT_TRUE(write_configuration(file, configuration()).ok());
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    EXPECT_THAT(text.str(), HasSubstr("admin_credentials=\"admin:sesame\""));
    EXPECT_THAT(text.str(), HasSubstr("connect_timeout_server_max=20000"));
    EXPECT_THAT(text.str(),
                HasSubstr("{ address=\"10.0.0.3\", port=3306, hostgroup=10003, "
                          "max_connections=500, comment=\"aipress-tenant=tenant-001\" }"));
    EXPECT_THAT(text.str(), HasSubstr("password=\"o'brien\\\\ \\\"x\\\"\""));
    EXPECT_THAT(text.str(), Not(HasSubstr("an earlier one")));
}

TEST(ConfigurationTest, WhatTheFileCannotCarryIsRefusedWithoutItsPasswords) {
    for (auto const* const bad : {"se:same", "ses;ame", "", "ses\name"}) {
        auto wrong = configuration();
        wrong.admin_password = bad;
        auto const refused = render_configuration(wrong);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code(), ErrorCode::InvalidArgument);
        EXPECT_THAT(refused.error().message(), HasSubstr("the admin's password"));
        EXPECT_THAT(refused.error().message(), Not(HasSubstr("same")));
    }
    auto wrong = configuration();
    wrong.tenants.front().password = "a\nb";
    EXPECT_FALSE(render_configuration(wrong).ok());
}

// Its own admin interface and its own protocol, in front of a MariaDB.
class RealProxySqlTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto const found = run_process(test_context(), {.arguments = {"proxysql", "--version"}});
        if (!found.ok())
            GTEST_SKIP() << "there is no proxysql in PATH: " << found.error().message();
        database_.emplace(must(testing::DatabaseServer::start({})));
        auto const wanted = entry();
        database_->execute("CREATE DATABASE tenant_001");
        database_->execute("CREATE USER 'tenant-001'@'%' IDENTIFIED BY " +
                           mysql::quote_text(wanted.password));
        database_->execute("GRANT ALL ON tenant_001.* TO 'tenant-001'@'%'");
    }
    TenantEntry entry() const {
        auto wanted = configuration().tenants.front();
        wanted.host = "127.0.0.1";
        wanted.port = database_->port();
        return wanted;
    }
    // Started with `tenants` in its file, and answering.
    ProxySql start(std::vector<TenantEntry> tenants) {
        auto settings = configuration();
        settings.folder = folder_.path();
        settings.admin_address = "127.0.0.1:" + std::to_string(admin_port_);
        settings.traffic_address = "127.0.0.1:" + std::to_string(traffic_port_);
        settings.hold_ms = 2'000;
        settings.tenants = std::move(tenants);
        auto const file = folder_ / "proxysql.cnf";
        EXPECT_TRUE(write_configuration(file, settings).ok());
        process_.emplace(must(Process::start(
            {.arguments = {"proxysql", "-f", "-c", file.string(), "-D", folder_.path().string()},
             .output_file = folder_ / "log",
             .error_file = folder_ / "log"})));
        mysql::Endpoint admin;
        admin.host = "127.0.0.1";
        admin.port = admin_port_;
        admin.user = settings.admin_user;
        admin.password = settings.admin_password;
        for (;;) {
            auto opened = ProxySql::open(test_context(), admin);
            if (opened.ok() || process_->poll() || !test_context().sleep(milliseconds(20))) {
                return must(std::move(opened));
            }
        }
    }
    Result<std::string> ask_as_tenant() const {
        mysql::Endpoint site;
        site.host = "127.0.0.1";
        site.port = traffic_port_;
        site.user = "tenant-001";
        site.password = entry().password;
        site.database = "tenant_001";
        auto connection =
            TRY(mysql::Connection::open(test_context(), site, {.is_database = false}));
        auto const answer = TRY(connection.query(test_context(), "SELECT DATABASE()"));
        return answer.scalar().value_or("");
    }

    std::uint16_t const admin_port_ = must(free_port());
    std::uint16_t const traffic_port_ = must(free_port());
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::optional<testing::DatabaseServer> database_;
    std::optional<Process> process_;
};

TEST_F(RealProxySqlTest, ItBeginsWithTheFileAndIsAsWanted) {
    auto proxysql = start({entry()});
    EXPECT_THAT(must(proxysql.differences(test_context(), entry())), IsEmpty());
    EXPECT_EQ(must(ask_as_tenant()), "tenant_001");
}

TEST_F(RealProxySqlTest, ATenantIsAddedHeldLetGoAndForgotten) {
    auto proxysql = start({});
    auto wanted = entry();
    wanted.hostgroup = must(proxysql.hostgroup_for(test_context(), wanted.user));
    EXPECT_EQ(must(proxysql.ensure_tenant(test_context(), wanted)), Ensured::Now);
    EXPECT_EQ(must(proxysql.ensure_tenant(test_context(), wanted)), Ensured::Before);
    EXPECT_EQ(must(ask_as_tenant()), "tenant_001");
    ASSERT_TRUE(proxysql.pause_tenant(test_context(), wanted.user).ok());
    EXPECT_FALSE(ask_as_tenant().ok());
    ASSERT_TRUE(proxysql.resume_tenant(test_context(), wanted.user).ok());
    EXPECT_EQ(must(ask_as_tenant()), "tenant_001");
    ASSERT_TRUE(proxysql.forget_tenant(test_context(), wanted.tenant, wanted.user).ok());
    EXPECT_FALSE(ask_as_tenant().ok());
}

}  // namespace
}  // namespace aipress::pooler
