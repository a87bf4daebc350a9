#include "pooler/drift.h"

#include <gmock/gmock.h>

#include "testing/proxysql_stand_in.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::pooler {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::must;
using testing::test_context;

TenantEntry entry(std::string const& tenant, unsigned hostgroup) {
    return {.tenant = tenant,
            .user = tenant,
            .password = "sesame",
            .schema = tenant,
            .hostgroup = hostgroup,
            .host = "10.0.0.3"};
}

TEST(DriftTest, AWholeProxySqlIsHeldAgainstItsTenantsAndMended) {
    testing::ProxySqlStandIn server("admin", "secret");
    mysql::Endpoint admin;
    admin.host = "127.0.0.1";
    admin.port = server.port();
    admin.user = "admin";
    admin.password = "secret";
    auto proxysql = must(ProxySql::open(test_context(), admin));
    std::vector const wanted{entry("tenant-001", 11), entry("tenant-002", 12),
                             entry("tenant-003", 13)};
    for (auto const& one : {wanted[0], wanted[1], entry("tenant-009", 19)}) {
        (void)must(proxysql.ensure_tenant(test_context(), one));
    }
    // By hand: one wrong at runtime only, and a user that is nobody's business here.
    server.run(
        "UPDATE main.runtime_mysql_users SET active = 0 WHERE username = 'tenant-002';"
        "INSERT INTO main.mysql_users (username, password) VALUES ('reports', 'x')");
    auto const found = must(find_drift(test_context(), proxysql, wanted));
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].tenant, "tenant-002");
    EXPECT_THAT(found[0].differences, ElementsAre("runtime: the user is not active"));
    EXPECT_EQ(found[1].tenant, "tenant-003");
    EXPECT_EQ(found[1].differences.size(), 3u);
    EXPECT_EQ(found[2].tenant, "tenant-009");
    EXPECT_FALSE(found[2].is_wanted);
    EXPECT_THAT(found[2].differences,
                ElementsAre("memory: the user is not wanted", "runtime: the user is not wanted",
                            "disk: the user is not wanted"));
    EXPECT_EQ(must(repair_drift(test_context(), proxysql, wanted)).size(), 3u);
    EXPECT_THAT(must(find_drift(test_context(), proxysql, wanted)), IsEmpty());
    EXPECT_TRUE(must(proxysql.read_tenant(test_context(), "reports", Layer::Memory)));
    EXPECT_FALSE(must(proxysql.read_tenant(test_context(), "tenant-009", Layer::Disk)));
}

}  // namespace
}  // namespace aipress::pooler
