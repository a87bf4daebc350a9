#include "mysql/sql_text.h"

#include <gtest/gtest.h>

namespace aipress::mysql {
namespace {

constexpr auto kNowhere = std::string_view::npos;

TEST(FindUnquoted, SkipsStringsIdentifiersAndComments) {
    EXPECT_EQ(find_unquoted("a 'b' \"b\" `b` /* b */ b", "b"), 22u);
    EXPECT_EQ(find_unquoted("'it''s b' 'x\\' b'", "b"), kNowhere);
    EXPECT_EQ(find_unquoted("`a``b`", "b"), kNowhere);
    EXPECT_EQ(find_unquoted("x # b\n-- b\nb", "b"), 11u);
    EXPECT_EQ(find_unquoted("'unterminated b", "b"), kNowhere);
}

TEST(FindUnquoted, ReadsExecutableCommentsAsSql) {
    EXPECT_EQ(find_unquoted("/*!50100 PARTITION */", "partition"), 9u);
}

TEST(MentionsWord, WantsTheWholeWord) {
    EXPECT_TRUE(mentions_word("INSERT INTO shop.log VALUES (1)", "shop"));
    EXPECT_FALSE(mentions_word("INSERT INTO workshop.log VALUES (1)", "shop"));
    EXPECT_FALSE(mentions_word("INSERT INTO shop_2.log VALUES ('shop')", "shop"));
}

TEST(RenameQualifier, ChangesTheDatabaseOfKnownNamesOnly) {
    EXPECT_EQ(
        rename_qualifier("select `a`.`t`.`x` from `a`.`t` join `a` . `v`", "a", "b`c", {"t", "v"}),
        "select `b``c`.`t`.`x` from `b``c`.`t` join `b``c` . `v`");
}

TEST(RenameQualifier, LeavesColumnsOfATableNamedLikeItsDatabase) {
    std::string_view const sql = "select `a`.`id`,`x`.`a`.`t` from `a` where `a`.`s` = '`a`.`t`'";
    EXPECT_EQ(rename_qualifier(sql, "a", "b", {"a", "t"}), sql);
}

TEST(WithEventStatus, ReplacesTheStatusAndNothingElse) {
    EXPECT_EQ(with_event_status("CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT "
                                "PRESERVE ENABLE COMMENT ' DISABLE' DO SELECT 1",
                                "DISABLE"),
              "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE "
              "COMMENT ' DISABLE' DO SELECT 1");
    EXPECT_EQ(with_event_status("CREATE EVENT ` ON COMPLETION ` ON SCHEDULE EVERY 1 DAY ON "
                                "COMPLETION PRESERVE DISABLE ON SLAVE DO SELECT 1",
                                ""),
              "CREATE EVENT ` ON COMPLETION ` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO "
              "SELECT 1");
}

}  // namespace
}  // namespace aipress::mysql
