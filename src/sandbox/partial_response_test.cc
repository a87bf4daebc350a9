#include "sandbox/partial_response.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"

namespace aipress::sandbox {
namespace {

using testing::HasCode;
using testing::must;

std::string applied(std::string_view fields, std::string_view reply) {
    auto value = boost::json::parse(reply);
    must(PartialResponse::parse(fields)).apply(value);
    return boost::json::serialize(value);
}

constexpr std::string_view kList =
    R"({"kind":"list","items":[{"id":"1","a":{"b":1,"c":2}},{"id":"2"}],"next":"t"})";

TEST(PartialResponseTest, BothWaysOfWritingIt) {
    EXPECT_EQ(applied("next", kList), R"({"next":"t"})");
    EXPECT_EQ(applied("items/id", kList), R"({"items":[{"id":"1"},{"id":"2"}]})");
    EXPECT_EQ(applied("items(id,a/b),kind", kList),
              R"({"kind":"list","items":[{"id":"1","a":{"b":1}},{"id":"2"}]})");
    EXPECT_EQ(applied("items/a(b,c)", kList), R"({"items":[{"a":{"b":1,"c":2}},{}]})");
    EXPECT_EQ(applied("*", kList), kList);
    EXPECT_EQ(applied("*/id", kList),
              R"({"kind":"list","items":[{"id":"1"},{"id":"2"}],"next":"t"})");
    EXPECT_EQ(applied("nothing", kList), "{}");
}

TEST(PartialResponseTest, TheWholeIncludesItsParts) {
    EXPECT_EQ(applied("items/a,items/a/b", kList), R"({"items":[{"a":{"b":1,"c":2}},{}]})");
    EXPECT_EQ(applied("items/a/b,items/a", kList), R"({"items":[{"a":{"b":1,"c":2}},{}]})");
    EXPECT_EQ(applied("items/a/b,items(a/c,id)", kList),
              R"({"items":[{"id":"1","a":{"b":1,"c":2}},{"id":"2"}]})");
}

TEST(PartialResponseTest, NonsenseIsRefused) {
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "a/";
    for (auto const& bad : {std::string(), std::string("a,"), std::string("a("), std::string("a()"),
                            std::string("a)"), std::string("/a"), std::string("(a)"), deep + "a"}) {
        EXPECT_THAT(PartialResponse::parse(bad), HasCode(ErrorCode::InvalidArgument)) << bad;
    }
}

}  // namespace
}  // namespace aipress::sandbox
