#include "http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/headers.h"
#include "testing/status_matchers.h"

namespace aipress::http {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Pair;

TEST(TargetTest, FormsAreToldApart) {
    auto const origin = must(parse_target("/b/media/o/a%2Fb?alt=media&x"));
    EXPECT_EQ(origin.host, "");
    EXPECT_EQ(origin.path, "/b/media/o/a%2Fb");
    EXPECT_EQ(origin.query, "alt=media&x");
    auto const absolute = must(parse_target("http://run.googleapis.com:80/v2/p?q#part"));
    EXPECT_EQ(absolute.scheme, "http");
    EXPECT_EQ(absolute.host, "run.googleapis.com");
    EXPECT_EQ(absolute.path, "/v2/p");
    EXPECT_EQ(absolute.query, "q");
    EXPECT_EQ(must(parse_target("http://host")).path, "/");
    EXPECT_EQ(must(parse_target("http://host?q=1")).query, "q=1");
    EXPECT_EQ(must(parse_target("*")).path, "*");
    for (auto const* bad : {"", "path", "/a b", "/a\n", "http://", "http:///x"}) {
        EXPECT_THAT(parse_target(bad), HasCode(ErrorCode::InvalidArgument)) << bad;
    }
}

TEST(TargetTest, HostsLoseTheirPorts) {
    EXPECT_EQ(host_without_port("127.0.0.1:80"), "127.0.0.1");
    EXPECT_EQ(host_without_port("host"), "host");
    EXPECT_EQ(host_without_port("[::1]:80"), "::1");
    EXPECT_EQ(host_without_port("::1"), "::1");
    EXPECT_EQ(host_without_port(""), "");
}

TEST(TargetTest, EscapesAreDecoded) {
    EXPECT_EQ(decode_path("a%2Fb%20c+d"), "a/b c+d");
    EXPECT_EQ(decode_path("50%"), "50%");
    EXPECT_EQ(decode_path("%zz%4"), "%zz%4");
    EXPECT_THAT(parse_query("a=1&b=x+y%26&c&a=2&&=d"),
                ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("c", ""), Pair("a", "2"),
                            Pair("", "d")));
    EXPECT_THAT(parse_query(""), IsEmpty());
}

TEST(HeadersTest, NamesCompareWithoutCase) {
    Headers headers{{"Accept-Encoding", "br;q=0.5, GZip"}, {"X", "1"}, {"x", "2"}};
    EXPECT_EQ(headers.find("x"), "1");
    EXPECT_TRUE(headers.has_token("accept-encoding", "gzip"));
    EXPECT_TRUE(headers.has_token("accept-encoding", "br"));
    EXPECT_FALSE(headers.has_token("accept-encoding", "zip"));
    headers.set("X", "3");
    EXPECT_EQ(headers.find("x"), "3");
    EXPECT_EQ(headers.fields().size(), 2U);
    headers.remove("X");
    EXPECT_EQ(headers.find("x"), std::nullopt);
}

}  // namespace
}  // namespace aipress::http
