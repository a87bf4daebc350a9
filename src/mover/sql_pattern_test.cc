#include "mover/sql_pattern.h"

#include <gtest/gtest.h>

namespace aipress::mover {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
    return matches_sql_pattern(pattern, text, LetterCase::Distinct);
}

TEST(SqlPattern, ReadsWildcardsAndEscapes) {
    EXPECT_TRUE(matches("wp\\_1", "wp_1"));
    EXPECT_FALSE(matches("wp\\_1", "wpx1"));
    EXPECT_TRUE(matches("wp_1", "wpx1"));
    EXPECT_TRUE(matches("wp%", "wp"));
    EXPECT_TRUE(matches("%1", "wp_1"));
    EXPECT_FALSE(matches("wp", "wp1"));
    EXPECT_FALSE(matches("wp1", "wp"));
    EXPECT_TRUE(matches("%\\%", "a%"));
    EXPECT_FALSE(matches("WP", "wp"));
    EXPECT_TRUE(matches_sql_pattern("W\\_P", "w_p", LetterCase::Ignored));
}

}  // namespace
}  // namespace aipress::mover
