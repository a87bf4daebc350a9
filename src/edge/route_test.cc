#include "edge/route.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "edge/route_map.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::edge {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;

Route const kPlain{.host = "Acme.AIPress.io.",
                   .tenant = "acme",
                   .endpoint = {.address = "10.0.0.7", .port = 8080}};
Route const kService{.host = "*.shop.example",
                     .tenant = "shop-7",
                     .endpoint = {.scheme = Scheme::Https,
                                  .address = "shop-7-uc.a.run.app",
                                  .port = 443,
                                  .authority = "shop-7-uc.a.run.app"}};

TEST(EdgeRoute, IsOneEntryOfTheMap) {
    auto const plain = must(map_entry(kPlain));
    EXPECT_EQ(plain, (MapEntry{"acme.aipress.io", "acme|http|10.0.0.7|8080|"}));
    auto const service = must(map_entry(kService));
    EXPECT_EQ(service, (MapEntry{"*.shop.example",
                                 "shop-7|https|shop-7-uc.a.run.app|443|shop-7-uc.a.run.app"}));
    EXPECT_EQ(must(parse_entry(service)), kService);
    EXPECT_EQ(must(parse_entry(plain)).endpoint, kPlain.endpoint);
}

TEST(EdgeRoute, WhatIsNoneIsRefused) {
    for (auto const* const host :
         {"", ".", "a..b", "-a.test", "a b", "a_b.test:80", "*", "a.*.test", "*.*.test",
          "b\xc3\xbc.test", "http://a", "a/b", ":version"}) {
        EXPECT_THAT(host_key(host), HasCode(ErrorCode::InvalidArgument)) << host;
    }
    EXPECT_THAT(host_key(std::string(64, 'a') + ".test"), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(host_key("xn--bcher-kva.example"), IsOk());

    auto route = kPlain;
    route.tenant = "a|b";
    EXPECT_THAT(map_entry(route), HasCode(ErrorCode::InvalidArgument));
    route = kPlain;
    route.endpoint.port = 0;
    EXPECT_THAT(map_entry(route), HasCode(ErrorCode::InvalidArgument));
    route = kPlain;
    route.endpoint.address = "10.0.0.7 x";
    EXPECT_THAT(map_entry(route), HasCode(ErrorCode::InvalidArgument));

    for (auto const* const value :
         {"", "acme", "acme|http|10.0.0.7|8080", "acme|http|10.0.0.7|x|", "acme|ftp|10.0.0.7|80|",
          "acme|http|10.0.0.7|80||", "acme|http|10.0.0.7|080|", "|http|10.0.0.7|80|",
          "acme|http|10.0.0.7|99999|"}) {
        EXPECT_THAT(parse_entry({"acme.test", value}), HasCode(ErrorCode::InvalidArgument))
            << value;
    }
    EXPECT_THAT(parse_entry({"Acme.test", "acme|http|10.0.0.7|80|"}),
                HasCode(ErrorCode::InvalidArgument));
}

TEST(EdgeRoute, OneHostHasOneRoute) {
    auto other = kPlain;
    other.host = "acme.aipress.io";
    other.tenant = "thief";
    EXPECT_THAT(make_table(1, {kPlain, other}),
                testing::HasError(ErrorCode::AlreadyExists, ::testing::HasSubstr("thief")));
}

TEST(EdgeRoute, DifferenceIsWhatToPutAndWhatToTakeAway) {
    RouteTable const has{.version = 3, .routes = {{"a", "1"}, {"b", "2"}, {"c", "3"}}};
    RouteTable const wanted{.version = 4, .routes = {{"a", "1"}, {"b", "9"}, {"d", "4"}}};
    auto const changes = difference(has, wanted);
    EXPECT_EQ(changes.put, (std::vector<MapEntry>{{"b", "9"}, {"d", "4"}}));
    EXPECT_EQ(changes.removed, std::vector<std::string>{"c"});
    EXPECT_EQ(difference(has, has).size(), 0u);
    EXPECT_EQ(difference({}, wanted).put.size(), 3u);
    EXPECT_EQ(difference(has, {}).removed.size(), 3u);
}

TEST(EdgeRoute, MapFileIsReplacedAsAWhole) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const file = folder / "routes.map";
    std::ofstream(file) << "something older, and longer than what comes now, by far and by far\n";
    ASSERT_THAT(write_map_file(file, must(make_table(7, {kPlain}))), IsOk());
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    EXPECT_EQ(text.str(), "acme.aipress.io acme|http|10.0.0.7|8080|\n:version 7\n");
    EXPECT_THAT(write_map_file(folder / "nowhere/routes.map", {}), HasCode(ErrorCode::Unavailable));
}

}  // namespace
}  // namespace aipress::edge
