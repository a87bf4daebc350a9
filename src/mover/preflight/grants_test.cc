#include "mover/preflight/grants.h"

#include <gtest/gtest.h>

namespace aipress::mover {
namespace {

TEST(Grants, ReadsGlobalAndDatabaseScopes) {
    auto const grants = Grants::parse(
        {"GRANT `r1` TO `a`@`%`",
         "GRANT SELECT, RELOAD, BINLOG MONITOR ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*B'",
         "GRANT ALL PRIVILEGES ON `d\\_x`.* TO `a`@`%` WITH GRANT OPTION",
         "SET DEFAULT ROLE `r1` FOR `a`@`%`"});
    EXPECT_TRUE(grants.has_global("BINLOG MONITOR"));
    EXPECT_FALSE(grants.has_global("INSERT"));
    EXPECT_TRUE(grants.has("SELECT", "other"));
    EXPECT_TRUE(grants.has("INSERT", "d_x"));
    EXPECT_FALSE(grants.has("INSERT", "dax"));
}

TEST(Grants, TakesOneTableOrSomeColumnsForNothing) {
    auto const grants = Grants::parse({"GRANT SELECT, INSERT ON `d`.`t.* ` TO `a`@`%`",
                                       "GRANT UPDATE (`a`, `b`), DELETE ON `d`.* TO `a`@`%`",
                                       "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `a`@`%`",
                                       "GRANT PROXY ON ''@'%' TO 'a'@'%' WITH GRANT OPTION"});
    EXPECT_FALSE(grants.has("SELECT", "d"));
    EXPECT_FALSE(grants.has("UPDATE", "d"));
    EXPECT_TRUE(grants.has("DELETE", "d"));
    EXPECT_FALSE(grants.has("EXECUTE", "d"));
}

TEST(Grants, HonoursPartialRevokes) {
    auto const grants = Grants::parse({"GRANT SELECT, INSERT ON *.* TO `a`@`%`",
                                       "GRANT CONNECTION_ADMIN,XA_RECOVER_ADMIN ON *.* TO `a`@`%`",
                                       "REVOKE INSERT ON `d`.* FROM `a`@`%`"});
    EXPECT_TRUE(grants.has_global("CONNECTION_ADMIN"));
    EXPECT_FALSE(grants.has("INSERT", "d"));
    EXPECT_TRUE(grants.has("INSERT", "e"));
}

TEST(Grants, AllMeansAll) {
    auto const grants =
        Grants::parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"});
    EXPECT_TRUE(grants.has_global("SUPER"));
    EXPECT_TRUE(grants.has("TRIGGER", "d"));
}

}  // namespace
}  // namespace aipress::mover
