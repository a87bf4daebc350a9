#include "mover/accounts.h"

#include <gtest/gtest.h>

namespace aipress::mover {
namespace {

TEST(ParseAccount, ReadsEverySpelling) {
    Account const wp{"wp", "%", false};
    for (auto const* text : {"wp", "wp@%", "'wp'@'%'", "`wp`@`%`", "\"wp\"@%", "'wp'"}) {
        auto account = parse_account(text);
        ASSERT_TRUE(account.ok()) << text;
        EXPECT_EQ(account.release(), wp) << text;
    }
    EXPECT_EQ(parse_account("a@b@10.0.0.%").release(), (Account{"a@b", "10.0.0.%", false}));
    EXPECT_EQ(parse_account("''@'localhost'").release(), (Account{"", "localhost", false}));
    EXPECT_EQ(parse_account("'it''s'@'%'").release(), (Account{"it's", "%", false}));
}

TEST(ParseAccount, RefusesWhatIsNone) {
    for (auto const* text : {"", "@%", "wp@", "'wp", "'wp'x", "'wp'@'%'x", "'wp'@'%"}) {
        auto const account = parse_account(text);
        ASSERT_FALSE(account.ok()) << text;
        EXPECT_EQ(account.error().code(), ErrorCode::InvalidArgument);
    }
}

TEST(Account, IsQuotedForSql) {
    EXPECT_EQ((Account{"it's", "%", false}).quoted(), "'it\\'s'@'%'");
}

}  // namespace
}  // namespace aipress::mover
