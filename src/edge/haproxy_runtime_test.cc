// What HAProxy prints, and what it does not understand. The real one is in
// tests/functional/edge_visitors_test.cc.
#include "edge/haproxy_runtime.h"

#include <gtest/gtest.h>

#include "edge/hold.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::edge {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

TEST(HaproxyText, InfoSaysWhichProcessItIs) {
    auto const info = must(
        parse_info("Name: HAProxy\nVersion: 2.6.12-1+deb12u4\nPid: 23373\nUptime: 0d 0h00m03s\n"
                   "Uptime_sec: 3\nStopping: 0\nStart_time_sec: 1796074676\nTainted: 0\n"));
    EXPECT_EQ(info.identity, (ProcessIdentity{.pid = 23373, .started_s = 1796074676}));
    EXPECT_EQ(info.version, "2.6.12-1+deb12u4");
    EXPECT_EQ(info.uptime_s, 3u);
    EXPECT_FALSE(info.is_stopping);
    EXPECT_TRUE(must(parse_info("Pid: 1\nStart_time_sec: 2\nStopping: 1")).is_stopping);

    for (auto const* const text : {"", "Pid: 1", "Start_time_sec: 2", "Pid: x\nStart_time_sec: 2",
                                   "Pid: 1\nStart_time_sec: ", "Permission denied"}) {
        EXPECT_THAT(parse_info(text), HasCode(ErrorCode::Internal)) << text;
    }
}

TEST(HaproxyText, MapHasKeysTwiceAndValuesWithSpaces) {
    EXPECT_EQ(must(parse_map("0x55fd7410bb30 b.test q|w\n0x55fd7410bc10 c.test z y\n"
                             "0x7f28b404d910 b.test dup")),
              (std::vector<MapEntry>{{"b.test", "q|w"}, {"c.test", "z y"}, {"b.test", "dup"}}));
    EXPECT_TRUE(must(parse_map("")).empty());
    for (auto const* const text : {"0x55 alone", "b.test value x", "0x1 a b\nbroken"}) {
        EXPECT_THAT(parse_map(text), HasCode(ErrorCode::Internal)) << text;
    }
}

TEST(HaproxyText, InFlightOfATenantThatNobodyAskedForIsNone) {
    EXPECT_EQ(must(parse_in_flight("# table: in_flight, type: string, size:102400, used:1\n"
                                   "0x5: key=acme use=2 exp=599000 shard=0 conn_cur=12")),
              12u);
    EXPECT_EQ(must(parse_in_flight("# table: in_flight, type: string, size:102400, used:0")), 0u);
    EXPECT_THAT(parse_in_flight("No such table"), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(parse_in_flight("# table: x\n0x5: key=acme use=0 http_req_cnt=1"),
                HasCode(ErrorCode::Internal));
}

TEST(HaproxyText, WaitingIsCountedByTenant) {
    EXPECT_EQ(must(parse_waiting("acme-2 7\nacme 12\nz 1", "acme")), 12u);
    EXPECT_EQ(must(parse_waiting("acme 12", "z")), 0u);
    EXPECT_EQ(must(parse_waiting("", "z")), 0u);
    EXPECT_THAT(parse_waiting("Unknown command, but", "z"), HasCode(ErrorCode::Internal));
    EXPECT_THAT(parse_waiting("acme", "acme"), HasCode(ErrorCode::Internal));
}

// A word ends up in a command line: nothing in it may begin another one.
TEST(HaproxyText, WordsCarryNoCommand) {
    for (auto const* const word : {"acme.test", "*.acme.test", ":version", "t|http|10.0.0.1|80|",
                                   "/run/aipress/routes.map", "tenant_7@x"}) {
        EXPECT_THAT(check_word(word), IsOk()) << word;
    }
    for (auto const* const word : {"", "a b", "a;shutdown", "a\nb", "#1", "<<", "a\\", "\"a\"", "'",
                                   "\xc3\xa4.test", "%[x]", "a\t"}) {
        EXPECT_THAT(check_word(word), HasCode(ErrorCode::InvalidArgument)) << word;
    }
    EXPECT_THAT(check_word(std::string(513, 'a')), HasCode(ErrorCode::InvalidArgument));
}

TEST(HaproxyConnection, SaysWhatIsWrongWithTheAddress) {
    for (auto const* const address :
         {"", "localhost:1", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:1x"}) {
        EXPECT_THAT(HaproxyRuntime::connect(test_context(), address),
                    HasCode(ErrorCode::InvalidArgument))
            << address;
    }
    EXPECT_THAT(HaproxyRuntime::connect(test_context(), "/" + std::string(200, 'x')),
                HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(HaproxyRuntime::connect(test_context(), "/nowhere/admin.sock"),
                HasCode(ErrorCode::Unavailable));
}

}  // namespace
}  // namespace aipress::edge
