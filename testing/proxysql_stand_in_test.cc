// With MariaDB's own command line client.
#include "testing/proxysql_stand_in.h"

#include <gmock/gmock.h>

#include "base/subprocess.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::testing {
namespace {

ProcessResult mariadb(ProxySqlStandIn const& server, std::string const& password,
                      std::string const& sql) {
    ProcessOptions options;
    options.arguments = {"mariadb",
                         "--no-defaults",
                         "--protocol=tcp",
                         "--skip-ssl",
                         "--host=127.0.0.1",
                         "--batch",
                         "--port=" + std::to_string(server.port()),
                         "--user=admin",
                         "--password=" + password,
                         "--execute=" + sql};
    return must(run_process(test_context(), options));
}

TEST(ProxySqlStandInTest, SpeaksWithMariaDbsClient) {
    ProxySqlStandIn const server("admin", "sesame");
    auto const made = mariadb(server, "sesame",
                              "INSERT INTO mysql_users (username, password) VALUES ('a', 'b');"
                              "LOAD MYSQL USERS TO RUNTIME; SELECT username, password, "
                              "default_schema FROM runtime_mysql_users WHERE frontend = 1");
    EXPECT_TRUE(made.status.success()) << made.standard_error;
    // Twice SHA-1 of "b".
    EXPECT_EQ(made.standard_output,
              "username\tpassword\tdefault_schema\n"
              "a\t*F33AE6DD04EF4C7C1D3105568E7FB7C1EE16C937\tNULL\n");
    auto const wrong = mariadb(server, "sesame", "SELECT 1 FROM nowhere");
    EXPECT_THAT(wrong.standard_error, ::testing::HasSubstr("no such table: nowhere"));
    auto const refused = mariadb(server, "other", "SELECT 1");
    EXPECT_FALSE(refused.status.success());
    EXPECT_THAT(refused.standard_error, ::testing::HasSubstr("Access denied"));
}

}  // namespace
}  // namespace aipress::testing
