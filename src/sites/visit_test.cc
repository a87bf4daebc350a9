#include "sites/visit.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/free_port.h"
#include "sites/limits.h"
#include "testing/stand_in_site.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sites {
namespace {

using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;
using testing::StandInSite;
using testing::test_context;

TEST(VantagePointTest, LeadsByItsNameOrByAnAddress) {
    auto const named = must(make_vantage_point("visitors", "https://Shop.test/"));
    EXPECT_EQ(named.base, "https://shop.test");
    EXPECT_EQ(named.host, "shop.test");
    EXPECT_EQ(named.scheme, "https");
    auto const local = must(make_vantage_point("visitors", "https://shop.test", "127.0.0.1:8080"));
    EXPECT_EQ(local.base, "http://127.0.0.1:8080");
    EXPECT_EQ(local.host, "shop.test");
    EXPECT_EQ(local.scheme, "http");
}

TEST(VantagePointTest, WhatIsNoSiteOrAddressIsRefused) {
    for (auto const* const url : {"", "shop.test", "ftp://shop.test", "https://", "https://a/b",
                                  "https://user:password@a", "https://a?b"}) {
        EXPECT_THAT(make_vantage_point("x", url), HasCode(ErrorCode::InvalidArgument)) << url;
    }
    for (auto const* const address : {"127.0.0.1", ":80", "a:0", "a:70000", "a:8x"}) {
        EXPECT_THAT(make_vantage_point("x", "https://a", address),
                    HasError(ErrorCode::InvalidArgument, HasSubstr("HOST:PORT")))
            << address;
    }
}

TEST(VantagePointTest, UrlsAreTakenApart) {
    EXPECT_EQ(url_parts("HTTPS://Shop.Test:8/A?b=://c#d").host, "shop.test:8");
    EXPECT_EQ(url_parts("HTTPS://Shop.Test:8/A?b=://c#d").target, "/A?b=://c");
    EXPECT_EQ(url_parts("http://a?p=1").target, "/?p=1");
    EXPECT_EQ(url_parts("/a/b?c=http://d").target, "/a/b?c=http://d");
    EXPECT_EQ(url_parts("/a/b?c=http://d").host, "");
    EXPECT_EQ(url_parts("//cdn.test/x").host, "cdn.test");
}

TEST(VisitorTest, AsksByTheHostAndTellsHowLongItTook) {
    StandInSite site;
    site.set_fault([](http::Request const& request) {
        http::Response response;
        response.body = request.authority + request.path;
        return std::optional(response);
    });
    Visitor visitor(must(make_vantage_point("visitors", "https://shop.test", site.address())));
    auto const page = must(visitor.get(test_context(), "/a?b"));
    EXPECT_EQ(page.body, "shop.test/a");
    EXPECT_GT(page.latency_ms, 0);
    EXPECT_TRUE(visitor.was_reached());
}

TEST(VisitorTest, AnErrorHasNoQuery) {
    Visitor visitor(must(make_vantage_point("visitors", "https://shop.test",
                                            fmt::format("127.0.0.1:{}", must(free_port())))));
    auto const page = visitor.get(test_context(), "/x?key=hunter2");
    EXPECT_THAT(page, HasError(ErrorCode::Unavailable, "GET /x at shop.test: no connection"));
    EXPECT_FALSE(visitor.was_reached());
}

TEST(VisitorTest, AGetIsSentAgainWhenAKeptConnectionBreaksAndNothingElseIs) {
    StandInSite site;
    int cut = 0;
    site.set_fault([&](http::Request const&) -> std::optional<http::Response> {
        if (cut-- <= 0) return std::nullopt;
        http::Response response;
        response.cut.emplace();
        return response;
    });
    Visitor visitor(must(make_vantage_point("visitors", "http://shop.test", site.address())));
    EXPECT_EQ(must(visitor.get(test_context(), "/")).status, 200);
    cut = 1;
    EXPECT_EQ(must(visitor.get(test_context(), "/")).status, 200);
    cut = 2;
    EXPECT_THAT(visitor.get(test_context(), "/"),
                HasError(ErrorCode::Unavailable, HasSubstr("the connection broke")));
    cut = 1;  // of a new connection: that is the site's own fault
    EXPECT_FALSE(visitor.get(test_context(), "/").ok());
    EXPECT_EQ(must(visitor.get(test_context(), "/")).status, 200);
    cut = 1;
    EXPECT_THAT(visitor.post(test_context(), "/wp-login.php", {{"pwd", "hunter2"}}),
                HasError(ErrorCode::Unavailable, Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace aipress::sites
