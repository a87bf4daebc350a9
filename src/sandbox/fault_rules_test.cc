#include "sandbox/fault_rules.h"

#include <gmock/gmock.h>

#include "testing/must.h"

namespace aipress::sandbox {
namespace {

using ::testing::HasSubstr;

Catalogue const& catalogue() {
    static Catalogue const all;
    return all;
}

std::string refusal_of(std::string_view text) {
    auto const rules = parse_fault_rules(text, catalogue());
    return rules.ok() ? "taken" : rules.error().message();
}

TEST(FaultRulesTest, APatternIsAnyTextWhereItHasAStar) {
    EXPECT_TRUE(matches_pattern("sql.instances.insert", "sql.instances.insert"));
    EXPECT_FALSE(matches_pattern("sql.instances", "sql.instances.insert"));
    EXPECT_TRUE(matches_pattern("*", ""));
    EXPECT_TRUE(matches_pattern("storage.objects.*", "storage.objects.get"));
    EXPECT_FALSE(matches_pattern("storage.objects.*", "storage.buckets.get"));
    EXPECT_TRUE(matches_pattern("*.list", "a.list.b.list"));
    EXPECT_TRUE(matches_pattern("t*-d*b", "tenant-1-db"));
    EXPECT_FALSE(matches_pattern("t*-dx*", "tenant-1-db"));
    EXPECT_FALSE(matches_pattern("", "a"));
}

TEST(FaultRulesTest, EveryMemberIsRead) {
    auto const rules = testing::must(parse_fault_rules(
        R"({"rules": [ // a comment
            {"method": "storage.*", "kind": "rate_limited", "rate": 0.25, "burst": 3},
            {"method": "sql.*", "version": "v1", "kind": "instance_crash", "instance": "tenant-*",
             "at": [7, 3]},
            {"kind": "unavailable", "at": [1], "retry_after_ms": 0},
            {"kind": "slow", "rate": 1, "delay_ms": 40}]})",
        catalogue()));
    ASSERT_EQ(rules.size(), 4u);
    EXPECT_EQ(rules[0].kind, FaultKind::RateLimited);
    EXPECT_EQ(rules[0].rate, 0.25);
    EXPECT_EQ(rules[0].burst, 3u);
    EXPECT_EQ(rules[0].retry_after, milliseconds(1000));
    EXPECT_EQ(rules[1].instance, "tenant-*");
    EXPECT_THAT(rules[1].at, ::testing::ElementsAre(3, 7));
    EXPECT_TRUE(rules[1].matches(*catalogue().find("sql.instances.get", "v1")));
    EXPECT_FALSE(rules[1].matches(*catalogue().find("sql.instances.get", "v1beta4")));
    EXPECT_EQ(rules[2].method, "*");
    EXPECT_EQ(rules[2].retry_after, milliseconds(0));
    EXPECT_EQ(rules[3].delay, milliseconds(40));
}

TEST(FaultRulesTest, WhatIsWrongIsSaidWithItsPlace) {
    for (auto const& [text, said] : std::vector<std::pair<std::string, std::string>>{
             {"{\n\"rules\": [,]}", "line 2: not valid JSON"},
             {"[]", "expected {\"rules\""},
             {R"({"rules": [], "seed": 1})", "expected {\"rules\""},
             {R"({"rules": [1]})", "rules[0]: expected an object"},
             {R"({"rules": [{"kind": "slow", "when": 1}]})",
              "rules[0].when: unknown; a rule has at"},
             {R"({"rules": [{"rate": 1}]})", "rules[0].kind: '' is none of rate_limited, "},
             {R"({"rules": [{"kind": "explode", "rate": 1}]})", "rules[0].kind: 'explode' is none"},
             {R"({"rules": [{"kind": "internal", "rate": 1}, {"kind": "internal", "rate": 1.5}]})",
              "rules[1].rate: expected a number from 0 to 1"},
             {R"({"rules": [{"kind": "internal", "rate": "often"}]})", "rules[0].rate: expected"},
             {R"({"rules": [{"kind": "internal"}]})", "rules[0].rate: missing"},
             {R"({"rules": [{"kind": "internal", "at": [0]}]})", "rules[0].at: expected a list"},
             {R"({"rules": [{"kind": "internal", "at": []}]})", "rules[0].at: expected a list"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "burst": 0}]})",
              "rules[0].burst: expected a whole number from 1"},
             {R"({"rules": [{"kind": "slow", "rate": 1}]})", "rules[0].delay_ms: missing"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "delay_ms": 5}]})",
              "rules[0].delay_ms: 'internal' has none"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "retry_after_ms": 5}]})",
              "rules[0].retry_after_ms: 'internal' has none"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "method": "sql.instance.insert"}]})",
              "rules[0].method: 'sql.instance.insert' is no method's id; docs/"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "version": "v9"}]})",
              "rules[0].version: no API has the version 'v9'"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "instance": "a"}]})",
              "rules[0].instance: only"},
             {R"({"rules": [{"kind": "instance_crash", "rate": 1, "method": "dns.*"}]})",
              "rules[0].method: a Cloud SQL instance"},
             {R"({"rules": [{"kind": "permission_denied", "rate": 1}]})",
              "rules[0].permission: 'permission_denied' needs it"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "permission": "a.b.c"}]})",
              "rules[0].permission: 'internal' has none"},
             {R"({"rules": [{"kind": "half_made", "rate": 1}]})",
              "rules[0].method: 'half_made'"}}) {
        EXPECT_THAT(refusal_of(text), HasSubstr(said)) << text;
    }
    EXPECT_EQ(read_fault_rules("/nowhere/faults.json", catalogue()).error().code(),
              ErrorCode::NotFound);
}

}  // namespace
}  // namespace aipress::sandbox
