#include "poc/text_source.h"

#include <gmock/gmock.h>

namespace aipress::poc {
namespace {

TEST(TextSource, TheSameSeedMeansTheSameText) {
    TextSource first(7), again(7), other(8);
    auto const article = first.article(3'000);
    EXPECT_EQ(article, again.article(3'000));
    EXPECT_NE(article, other.article(3'000));
    EXPECT_THAT(first.serialized(200), ::testing::Not(::testing::IsEmpty()));
}

}  // namespace
}  // namespace aipress::poc
