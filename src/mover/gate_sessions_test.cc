#include "mover/gate_sessions.h"

#include <gtest/gtest.h>

#include "mover/sql_pattern.h"

namespace aipress::mover {
namespace {

Session session(std::string user, std::string host, std::string database = "",
                std::string command = "Sleep") {
    return {1, std::move(user), std::move(host), std::move(database), std::move(command)};
}

TEST(SqlPatternTest, WildcardsAndEscapes) {
    auto const matches = [](std::string_view pattern, std::string_view text) {
        return matches_sql_pattern(pattern, text, LetterCase::Distinct);
    };
    EXPECT_TRUE(matches("", ""));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_TRUE(matches("%", ""));
    EXPECT_TRUE(matches("wp_%", "wp1"));
    EXPECT_FALSE(matches("wp_%", "wp"));
    EXPECT_TRUE(matches(R"(wp\_1)", "wp_1"));
    EXPECT_FALSE(matches(R"(wp\_1)", "wpx1"));
    EXPECT_TRUE(matches(R"(50\%)", "50%"));
    EXPECT_FALSE(matches(R"(50\%)", "50x"));
    EXPECT_TRUE(matches("%ab%b", "aabab_b"));
    EXPECT_FALSE(matches("%ab%c", "aababb"));
    EXPECT_FALSE(matches("WP", "wp"));
    EXPECT_TRUE(matches_sql_pattern("DB%.Example", "db1.example", LetterCase::Ignored));
}

TEST(HostMatchesTest, PatternsNetworksAndTheLoopback) {
    EXPECT_TRUE(host_matches("%", "10.0.0.5"));
    EXPECT_TRUE(host_matches("10.0.%", "10.0.0.5"));
    EXPECT_FALSE(host_matches("10.1.%", "10.0.0.5"));
    EXPECT_TRUE(host_matches("192.168.1.0/255.255.255.0", "192.168.1.77"));
    EXPECT_FALSE(host_matches("192.168.1.0/255.255.255.0", "192.168.2.77"));
    EXPECT_TRUE(host_matches("192.168.0.0/16", "192.168.2.77"));
    EXPECT_TRUE(host_matches("0.0.0.0/0", "192.168.2.77"));
    EXPECT_FALSE(host_matches("192.168.0.0/33", "192.168.0.1"));
    EXPECT_TRUE(host_matches("Web1.example.com", "web1.EXAMPLE.com"));
    // The process list shows a resolved name where the account may have a number.
    EXPECT_TRUE(host_matches("127.0.0.1", "localhost"));
    EXPECT_TRUE(host_matches("localhost", "127.0.0.1"));
    EXPECT_TRUE(host_matches("::1", "localhost"));
    EXPECT_FALSE(host_matches("10.0.0.5", "localhost"));
}

TEST(SessionClassifierTest, UserAndHostNameTheAccount) {
    SessionClassifier const ours("wp", {{"wp", "%"}},
                                 {{"wp", "%"}, {"wp", "10.0.0.5"}, {"", "localhost"}}, {});
    EXPECT_EQ(ours.kind(session("wp", "10.0.0.6:4000")), SessionKind::Tenant);
    EXPECT_EQ(ours.kind(session("wp", "[fe80::1]:4000")), SessionKind::Tenant);
    // Same user name, another account: not to be touched, or the gate would never close.
    EXPECT_EQ(ours.kind(session("wp", "10.0.0.5:4000")), SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("other", "10.0.0.6:4000")), SessionKind::Foreign);
    // From localhost, ''@'localhost' is more specific than 'wp'@'%': the anonymous account.
    EXPECT_EQ(ours.kind(session("wp", "localhost")), SessionKind::Foreign);
}

TEST(SessionClassifierTest, AnonymousAccountsAreFencedToo) {
    SessionClassifier const ours("wp", {{"", "%"}}, {{"", "%"}, {"root", "localhost"}}, {});
    EXPECT_EQ(ours.kind(session("anyone", "10.0.0.6:4000")), SessionKind::Tenant);
    EXPECT_EQ(ours.kind(session("root", "localhost")), SessionKind::Foreign);
}

TEST(SessionClassifierTest, UnknownHostOfAFencedUserIsTakenForOurs) {
    SessionClassifier const ours("wp", {{"wp", "10.0.0.5"}}, {{"wp", "10.0.0.5"}}, {});
    EXPECT_EQ(ours.kind(session("wp", "web1.example.com:4000")), SessionKind::Tenant);
    EXPECT_EQ(ours.kind(session("other", "web1.example.com:4000")), SessionKind::Foreign);
}

TEST(SessionClassifierTest, HandshakesAndEventRuns) {
    SessionClassifier const ours("wp", {{"wp", "%"}}, {{"wp", "%"}}, {});
    EXPECT_EQ(ours.kind(session("wp", "10.0.0.6:4000", "", "Connect")),
              SessionKind::Authenticating);
    EXPECT_EQ(ours.kind(session("wp", "%", "wp", "Connect")), SessionKind::EventRun);
    // An event of the database runs as whoever defined it.
    EXPECT_EQ(ours.kind(session("root", "localhost", "wp", "Connect")), SessionKind::EventRun);
    EXPECT_EQ(ours.kind(session("root", "localhost", "other", "Connect")), SessionKind::Foreign);
    // An event elsewhere that runs as a fenced account can write here.
    EXPECT_EQ(ours.kind(session("wp", "%", "other", "Connect")), SessionKind::EventRun);
    EXPECT_EQ(ours.kind(session("event_scheduler", "localhost", "", "Daemon")),
              SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("event_scheduler", "localhost", "", "Connect")),
              SessionKind::EventStarting);
    EXPECT_EQ(ours.kind(session("system user", "", "wp", "Connect")), SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("unauthenticated user", "10.0.0.6:4000", "", "Connect")),
              SessionKind::Foreign);
}

TEST(SessionClassifierTest, ATriggersDefinerHidesTheClient) {
    SessionClassifier const ours("wp", {{"wp", "%"}}, {{"wp", "%"}},
                                 {{"root", "%"}, {"dba", "localhost"}, {"wp", "%"}});
    EXPECT_EQ(ours.kind(session("root", "%:4000", "wp", "Query")), SessionKind::DefinerRun);
    EXPECT_EQ(ours.kind(session("root", "%:4000", "", "Execute")), SessionKind::DefinerRun);
    EXPECT_EQ(ours.kind(session("root", "%:4000", "wp", "Killed")), SessionKind::DefinerRun);
    // Another client's address, or one that executes nothing: root itself.
    EXPECT_EQ(ours.kind(session("root", "10.0.0.6:4000", "wp", "Query")), SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("dba", "localhost", "wp")), SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("dba", "localhost", "wp", "Query")), SessionKind::DefinerRun);
    EXPECT_EQ(ours.kind(session("neighbour", "%:4000", "other", "Query")), SessionKind::Foreign);
    EXPECT_EQ(ours.kind(session("wp", "%:4000", "wp", "Query")), SessionKind::Tenant);
}

}  // namespace
}  // namespace aipress::mover
