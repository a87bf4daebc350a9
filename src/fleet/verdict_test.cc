#include "fleet/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace aipress::fleet {
namespace {

using ::testing::HasSubstr;

constexpr auto kGood = Health::Good;
constexpr auto kFailed = Health::Failed;

// So many probes, the first five of which are slow, and then about so long.
std::vector<double> about(double ms, std::size_t count) {
    std::vector<double> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back(i < 5 ? 9'000 : ms + static_cast<double>(i * 7 % 11));
    }
    return all;
}

Observation healthy() {
    return {.requests = 200,
            .latencies = {{.page = "front page",
                           .now_ms = about(210, 30),
                           .baseline_ms = about(200, 30)}},
            .health = {{.name = "visitors", .rounds = std::vector(30, kGood)},
                       {.name = "service", .rounds = std::vector(30, kGood)}}};
}

Verdict by_both(Observation const& observation) {
    return judge(observation, RollbackMode::Statistical);
}

TEST(VerdictTest, AHealthySitePasses) {
    auto const verdict = by_both(healthy());
    EXPECT_EQ(verdict.outcome, Outcome::Pass);
    EXPECT_EQ(verdict.strict, Outcome::Pass);
    EXPECT_THAT(verdict.reason, HasSubstr("error rate: 0 of 200 requests failed"));
    ASSERT_EQ(verdict.findings.size(), 4u);
}

TEST(VerdictTest, NothingSeenIsInconclusive) {
    auto const verdict = by_both({});
    EXPECT_EQ(verdict.statistical, Outcome::Inconclusive);
    EXPECT_EQ(verdict.strict, Outcome::Inconclusive);
}

struct Errors {
    std::uint64_t failures;
    std::uint64_t requests;
    Outcome strict;
    Outcome statistical;
};
class ErrorRateTest : public ::testing::TestWithParam<Errors> {};

TEST_P(ErrorRateTest, IsJudgedByBothRules) {
    auto observation = healthy();
    observation.requests = GetParam().requests;
    observation.failures = GetParam().failures;
    auto const verdict = by_both(observation);
    auto const& finding = verdict.finding(Trigger::ErrorRate);
    EXPECT_EQ(finding.strict.outcome, GetParam().strict) << finding.strict.reason;
    EXPECT_EQ(finding.statistical.outcome, GetParam().statistical) << finding.statistical.reason;
    EXPECT_EQ(verdict.outcome, GetParam().statistical);
}

// The lower bounds: 3 of 20 is 5.2 %, 2 of 20 is 2.8 %, 8 of 100 is 4.1 %, 9 of 100 is 4.8 %,
// 10 of 100 is 5.5 %.
INSTANTIATE_TEST_SUITE_P(Rates, ErrorRateTest,
                         ::testing::Values(Errors{0, 20, Outcome::Pass, Outcome::Pass},
                                           Errors{1, 20, Outcome::Pass, Outcome::Pass},
                                           Errors{2, 20, Outcome::Fail, Outcome::Inconclusive},
                                           Errors{3, 20, Outcome::Fail, Outcome::Fail},
                                           Errors{19, 19, Outcome::Fail, Outcome::Inconclusive},
                                           Errors{5, 100, Outcome::Pass, Outcome::Pass},
                                           Errors{9, 100, Outcome::Fail, Outcome::Inconclusive},
                                           Errors{10, 100, Outcome::Fail, Outcome::Fail}));

TEST(VerdictTest, OneErrorAmongFewRequestsRollsBackOnlyTheStrict) {
    auto observation = healthy();
    observation.requests = 10;
    observation.failures = 1;
    EXPECT_EQ(judge(observation, RollbackMode::Strict).outcome, Outcome::Fail);
    auto const verdict = judge(observation, RollbackMode::Statistical);
    EXPECT_EQ(verdict.outcome, Outcome::Inconclusive);
    EXPECT_EQ(verdict.strict, Outcome::Fail);
    EXPECT_THAT(verdict.reason, HasSubstr("1 of 10 requests failed; at least 20"));
}

Finding latency_of(double now, double baseline, std::size_t probes = 30) {
    auto observation = healthy();
    observation.latencies[0].now_ms = about(now, probes);
    observation.latencies[0].baseline_ms = about(baseline, probes);
    return by_both(observation).finding(Trigger::ResponseTime);
}

TEST(VerdictTest, ASlowSiteFails) {
    auto const finding = latency_of(620, 300);
    EXPECT_EQ(finding.strict.outcome, Outcome::Fail);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Fail);
    EXPECT_THAT(finding.statistical.reason, HasSubstr("front page: median 625 ms (25 probes)"));
    EXPECT_THAT(finding.statistical.reason, HasSubstr("+320 ms, Mann-Whitney p"));
}

TEST(VerdictTest, AFastSiteMayBeHalfAsSlowAgain) {
    auto const finding = latency_of(60, 30);
    EXPECT_EQ(finding.strict.outcome, Outcome::Fail);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Pass) << finding.statistical.reason;
}

TEST(VerdictTest, SlowerByLessThanHalfPasses) {
    auto const finding = latency_of(700, 500);
    EXPECT_EQ(finding.strict.outcome, Outcome::Pass);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Pass);
}

TEST(VerdictTest, FewProbesSayNothing) {
    EXPECT_EQ(latency_of(2'000, 200, 14).statistical.outcome, Outcome::Inconclusive);
    EXPECT_EQ(latency_of(2'000, 200, 15).statistical.outcome, Outcome::Fail);
    // The first five are those of a start.
    EXPECT_EQ(latency_of(200, 200, 5).strict.outcome, Outcome::Inconclusive);
}

TEST(VerdictTest, AWideSpreadIsNotCertain) {
    auto observation = healthy();
    auto& page = observation.latencies[0];
    page.now_ms = {0, 0, 0, 0, 0, 50, 60, 70, 80, 400, 500, 600, 700, 800, 900};
    page.baseline_ms = {0, 0, 0, 0, 0, 55, 65, 75, 85, 95, 300, 650, 750, 850, 950};
    auto const finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.strict.outcome, Outcome::Fail) << finding.strict.reason;
    EXPECT_EQ(finding.statistical.outcome, Outcome::Inconclusive) << finding.statistical.reason;
}

// A well site that was once taken back, by the medians and the chance of that verdict: a neighbour
// kept the machine busy, and more of its time fell to one side.
TEST(VerdictTest, WhatTheOldHomeDiffersFromItselfIsNoise) {
    auto observation = healthy();
    auto& page = observation.latencies[0];
    page.now_ms = {9, 9, 9, 9, 9, 401, 305, 401, 430, 155, 480, 520, 401, 280, 650, 305, 700};
    page.baseline_ms = {9, 9, 9, 9, 9, 140, 266, 150, 145, 290, 150, 410, 266, 160, 300, 420, 290};
    auto finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.strict.outcome, Outcome::Fail) << finding.strict.reason;
    EXPECT_EQ(finding.statistical.outcome, Outcome::Inconclusive) << finding.statistical.reason;
    EXPECT_THAT(finding.statistical.reason, HasSubstr("median 401 ms"));
    EXPECT_THAT(finding.statistical.reason, HasSubstr("noise up to"));
    Thresholds without;
    without.noise_factor = 0;
    EXPECT_EQ(judge(observation, RollbackMode::Statistical, without)
                  .finding(Trigger::ResponseTime)
                  .statistical.outcome,
              Outcome::Fail);
    // The same from a home that is steady is none.
    std::fill(page.baseline_ms.begin(), page.baseline_ms.end(), 150);
    finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Fail) << finding.statistical.reason;
    // But for how it was before the switch.
    page.before_ms = {100, 900, 120, 700, 110, 800, 130, 1'000};
    finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Inconclusive) << finding.statistical.reason;
}

TEST(VerdictTest, OneSlowPageIsEnough) {
    auto observation = healthy();
    observation.latencies.push_back(
        {.page = "login page", .now_ms = about(900, 30), .baseline_ms = about(300, 30)});
    auto const verdict = by_both(observation);
    EXPECT_EQ(verdict.outcome, Outcome::Fail);
    EXPECT_THAT(verdict.reason, HasSubstr("response time: login page"));
}

TEST(VerdictTest, ThePlainRuleTakesTheBaselineFromBefore) {
    auto observation = healthy();
    auto& page = observation.latencies[0];
    page.before_ms = about(100, 20);
    auto finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.strict.outcome, Outcome::Fail) << finding.strict.reason;
    EXPECT_EQ(finding.statistical.outcome, Outcome::Pass);
    page.baseline_ms.clear();
    finding = by_both(observation).finding(Trigger::ResponseTime);
    EXPECT_EQ(finding.statistical.outcome, Outcome::Inconclusive);
    // A page that nothing is known of from before is not compared.
    observation.latencies.push_back({.page = "new", .now_ms = about(9'000, 30)});
    EXPECT_EQ(by_both(observation).finding(Trigger::ResponseTime).strict.reason,
              finding.strict.reason);
}

Finding health_of(std::vector<Health> visitors, std::vector<Health> service) {
    auto observation = healthy();
    observation.health[0].rounds = std::move(visitors);
    observation.health[1].rounds = std::move(service);
    return by_both(observation).finding(Trigger::Health);
}

TEST(VerdictTest, TheFourthFailureInARowFails) {
    std::vector const three{kGood, kFailed, kFailed, kFailed, kGood};
    EXPECT_EQ(health_of(three, three).strict.outcome, Outcome::Pass);
    EXPECT_EQ(health_of(three, three).statistical.outcome, Outcome::Pass);
    std::vector const four{kGood, kFailed, kFailed, kFailed, kFailed};
    EXPECT_EQ(health_of(four, four).strict.outcome, Outcome::Fail);
    EXPECT_EQ(health_of(four, four).statistical.outcome, Outcome::Fail);
    EXPECT_THAT(health_of(four, four).statistical.reason,
                HasSubstr("at most 4 failures in a row at visitors, limit 3; 2 of 2"));
}

TEST(VerdictTest, OneVantagePointAloneIsNotBelieved) {
    std::vector const good(9, kGood);
    std::vector<Health> late(9, kFailed);
    std::fill_n(late.begin(), 5, kGood);
    std::vector<Health> early(9, kGood);
    std::fill_n(early.begin(), 4, kFailed);
    EXPECT_EQ(health_of(late, good).strict.outcome, Outcome::Fail);
    EXPECT_EQ(health_of(late, good).statistical.outcome, Outcome::Inconclusive);
    // Each has its four, but never both at a time.
    EXPECT_EQ(health_of(late, early).statistical.outcome, Outcome::Inconclusive);
    auto observation = healthy();
    observation.health = {{.name = "visitors", .rounds = late}};
    EXPECT_EQ(by_both(observation).finding(Trigger::Health).statistical.outcome,
              Outcome::Inconclusive);
}

TEST(VerdictTest, AMismatchFailsAtOnce) {
    auto observation = healthy();
    observation.mismatches = {"media file: other bytes", "wrong site"};
    auto const verdict = by_both(observation);
    EXPECT_EQ(verdict.outcome, Outcome::Fail);
    EXPECT_EQ(verdict.strict, Outcome::Fail);
    EXPECT_EQ(verdict.reason, "integrity: media file: other bytes, and 1 more");
    observation.observer_problem = "no network";
    EXPECT_EQ(by_both(observation).outcome, Outcome::Fail);
}

TEST(VerdictTest, ABrokenObserverIsAnErrorAndRollsNothingBack) {
    auto observation = healthy();
    observation.failures = observation.requests;
    for (auto& way : observation.health) way.rounds.assign(30, kFailed);
    observation.observer_problem = "nothing answers anywhere";
    auto const verdict = by_both(observation);
    EXPECT_EQ(verdict.outcome, Outcome::Error);
    EXPECT_EQ(verdict.strict, Outcome::Error);
    EXPECT_EQ(verdict.reason, "nothing answers anywhere");
}

// Whatever is seen: more failures never make it better, and the strict rule is never the milder
// one on the error rate.
TEST(VerdictTest, MoreFailuresNeverMakeItBetter) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 2'000; ++i) {
        auto observation = healthy();
        observation.requests = 1 + random() % 400;
        observation.failures = random() % observation.requests;
        auto const fails = [](Observation const& seen) {
            return by_both(seen).finding(Trigger::ErrorRate).statistical.outcome == Outcome::Fail;
        };
        auto worse = observation;
        ++worse.failures;
        ASSERT_LE(fails(observation), fails(worse)) << observation.failures;
        auto const verdict = by_both(observation);
        auto const& finding = verdict.finding(Trigger::ErrorRate);
        if (finding.statistical.outcome == Outcome::Fail) {
            ASSERT_EQ(finding.strict.outcome, Outcome::Fail) << finding.statistical.reason;
        }
    }
}

}  // namespace
}  // namespace aipress::fleet
