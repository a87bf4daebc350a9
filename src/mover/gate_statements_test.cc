#include "mover/gate_statements.h"

#include <gmock/gmock.h>

namespace aipress::mover {
namespace {

using ::testing::ElementsAre;

TEST(AccountLockTest, IsReadOutsideOfQuotesOnly) {
    EXPECT_TRUE(
        says_account_locked("CREATE USER `wp`@`%` IDENTIFIED BY PASSWORD '*B6' ACCOUNT LOCK"));
    EXPECT_TRUE(says_account_locked(
        "CREATE USER 'wp'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A' REQUIRE NONE "
        "PASSWORD EXPIRE DEFAULT ACCOUNT LOCK PASSWORD HISTORY DEFAULT"));
    EXPECT_FALSE(says_account_locked(
        "CREATE USER 'wp'@'%' IDENTIFIED WITH 'mysql_native_password' AS '*B6' ACCOUNT UNLOCK"));
    EXPECT_FALSE(says_account_locked("CREATE USER `wp`@`%`"));
    EXPECT_FALSE(
        says_account_locked("CREATE USER `a ACCOUNT LOCK`@`%` REQUIRE SUBJECT ' ACCOUNT LOCK'"));
    EXPECT_FALSE(says_account_locked(R"(CREATE USER `wp`@`%` COMMENT 'it\'s ACCOUNT LOCK')"));
}

TEST(GrantTest, WholeDatabase) {
    auto const grant =
        grant_on_database("GRANT ALL PRIVILEGES ON `wp`.* TO 'wp'@'%' WITH GRANT OPTION", "wp");
    ASSERT_TRUE(grant.has_value());
    EXPECT_EQ(grant->object, "`wp`.*");
    EXPECT_EQ(grant->sql, "GRANT ALL PRIVILEGES ON `wp`.* TO 'wp'@'%' WITH GRANT OPTION");
    EXPECT_THAT(grant->revoke, ElementsAre("REVOKE ALL PRIVILEGES ON `wp`.* FROM 'wp'@'%'",
                                           "REVOKE GRANT OPTION ON `wp`.* FROM 'wp'@'%'"));
}

TEST(GrantTest, PatternsMatchOnlyForWholeDatabases) {
    EXPECT_TRUE(grant_on_database(R"(GRANT SELECT ON `wp\_1`.* TO 'a'@'%')", "wp_1"));
    EXPECT_FALSE(grant_on_database(R"(GRANT SELECT ON `wp\_1`.* TO 'a'@'%')", "wpx1"));
    EXPECT_TRUE(grant_on_database("GRANT SELECT ON `wp%`.* TO 'a'@'%'", "wp_1"));
    EXPECT_FALSE(grant_on_database("GRANT SELECT ON `wp_1`.`t` TO 'a'@'%'", "wpx1"));
    EXPECT_TRUE(grant_on_database("GRANT SELECT ON `wp_1`.`t` TO 'a'@'%'", "wp_1"));
}

TEST(GrantTest, ColumnsRoutinesAndOddNames) {
    auto const columns = grant_on_database(
        "GRANT SELECT (`a ON b`, id), INSERT ON `wp`.`posts TO go` TO 'it''s'@'10.%'", "wp");
    ASSERT_TRUE(columns.has_value());
    EXPECT_THAT(columns->revoke,
                ElementsAre("REVOKE SELECT (`a ON b`, id), INSERT ON `wp`.`posts TO go` FROM "
                            "'it''s'@'10.%'"));
    auto const routine =
        grant_on_database("GRANT EXECUTE ON PROCEDURE `wp`.`tidy` TO 'wp'@'%'", "wp");
    ASSERT_TRUE(routine.has_value());
    EXPECT_THAT(routine->revoke,
                ElementsAre("REVOKE EXECUTE ON PROCEDURE `wp`.`tidy` FROM 'wp'@'%'"));
    EXPECT_TRUE(grant_on_database("GRANT SELECT ON `a``b`.* TO 'wp'@'%'", "a`b"));
}

TEST(GrantTest, OthersAreLeftAlone) {
    for (auto const* line :
         {"GRANT USAGE ON *.* TO 'wp'@'%' IDENTIFIED BY PASSWORD '*B6 ON `wp`.*'",
          "GRANT SELECT ON `other`.* TO 'wp'@'%'",
          "GRANT PROXY ON 'wp'@'%' TO 'root'@'localhost' WITH GRANT OPTION",
          "GRANT `role` TO `wp`@`%`", "", "nonsense"}) {
        EXPECT_FALSE(grant_on_database(line, "wp").has_value()) << line;
    }
}

TEST(DefinerTest, IsSplitAtTheLastAt) {
    EXPECT_EQ(quoted_definer("wp@%"), "'wp'@'%'");
    EXPECT_EQ(quoted_definer("a@b@localhost"), "'a@b'@'localhost'");
    EXPECT_EQ(quoted_definer("it's@%"), "'it\\'s'@'%'");
}

}  // namespace
}  // namespace aipress::mover
