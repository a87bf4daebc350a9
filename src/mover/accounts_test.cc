#include "mover/accounts.h"

#include <gtest/gtest.h>

#include "mover/like_pattern.h"

namespace aipress::mover {
namespace {

static_assert(matches_like("wp\\_1", "wp_1"));
static_assert(!matches_like("wp\\_1", "wpx1"));
static_assert(matches_like("wp_1", "wpx1"));
static_assert(matches_like("wp%", "wp"));
static_assert(matches_like("%1", "wp_1"));
static_assert(!matches_like("wp", "wp1"));
static_assert(!matches_like("wp1", "wp"));
static_assert(matches_like("%\\%", "a%"));

TEST(ParseAccount, ReadsEverySpelling) {
    Account const wp{"wp", "%", false};
    for (auto const* text : {"wp", "wp@%", "'wp'@'%'", "`wp`@`%`", "\"wp\"@%", "'wp'"}) {
        auto const account = parse_account(text);
        ASSERT_TRUE(account.ok()) << text;
        EXPECT_EQ(*account, wp) << text;
    }
    EXPECT_EQ(*parse_account("a@b@10.0.0.%"), (Account{"a@b", "10.0.0.%", false}));
    EXPECT_EQ(*parse_account("''@'localhost'"), (Account{"", "localhost", false}));
    EXPECT_EQ(*parse_account("'it''s'@'%'"), (Account{"it's", "%", false}));
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
