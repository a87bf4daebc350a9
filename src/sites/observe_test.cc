#include "sites/observe.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <map>

#include "sites/limits.h"
#include "testing/fake_clock.h"
#include "testing/stand_in_site.h"
#include "testing/status_matchers.h"

namespace aipress::sites {
namespace {

using fleet::Outcome;
using fleet::RollbackMode;
using fleet::Trigger;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;
using testing::StandInSite;
using Look = StandInSite::Look;

using Latency = std::function<milliseconds(std::uint64_t request)>;

// Two homes, whose answers take time by the clock that the test moves.
class ObserveTest : public ::testing::Test {
protected:
    ObserveTest() {
        takes(old_, milliseconds(100));
        takes(new_, milliseconds(100));
        Visitor visitor(way("visitors", "shop.test", old_));
        subject_.plan = must(plan_site(context(), visitor, "shop.test"));
        subject_.now = {way("visitors", "shop.test", new_), way("service", "shop-1.run.app", new_)};
        subject_.baseline = {way("service", "shop-0.run.app", old_)};
    }
    static VantagePoint way(std::string name, std::string const& host, StandInSite const& site) {
        return must(make_vantage_point(std::move(name), "http://" + host, site.address()));
    }
    // Each answer, and what becomes of each.
    void takes(StandInSite& site, milliseconds time, StandInSite::Fault more = {}) {
        site.set_fault([this, time, more = std::move(more)](http::Request const& request) {
            // Not all alike, or all would be ties.
            clock_.advance(time + milliseconds(++requests_ % 7));
            return more ? more(request) : std::nullopt;
        });
    }
    Context context() {
        return {clock_, Deadline::after(clock_, milliseconds(100'000'000)), stop_.get_token()};
    }
    Observed run(OnRound const& on_round = {}) {
        return must(observe(context(), subject_, options_, on_round));
    }

    testing::FakeClock clock_;
    std::uint64_t requests_ = 0;
    std::stop_source stop_;
    StandInSite old_;
    StandInSite new_;
    Subject subject_;
    ObserveOptions options_{.window = milliseconds(60'000),
                            .window_most = milliseconds(180'000),
                            .interval = milliseconds(3'000)};
};

TEST_F(ObserveTest, AHealthySitePassesAtTheEndOfItsWindow) {
    std::vector<std::size_t> rounds;
    auto const observed = run([&](RoundSeen const& seen) {
        rounds.push_back(seen.round);
        EXPECT_TRUE(seen.troubles.empty());
    });
    EXPECT_EQ(observed.verdict.outcome, Outcome::Pass) << observed.verdict.reason;
    EXPECT_EQ(observed.verdict.strict, Outcome::Pass) << observed.verdict.reason;
    EXPECT_GE(observed.took, milliseconds(60'000));
    EXPECT_LT(observed.took, milliseconds(64'000));
    EXPECT_EQ(rounds.size(), observed.rounds);
    EXPECT_EQ(rounds.size(), 21u);  // the last begins where the window ends
    ASSERT_EQ(observed.now.size(), 2u);
    // Interleaved: both homes are asked for the same pages in the same time.
    EXPECT_EQ(observed.now[1].samples.size(), observed.baseline[0].samples.size());
    EXPECT_NEAR(static_cast<double>(observed.now[1].samples.back().at.count()),
                static_cast<double>(observed.baseline[0].samples.back().at.count()), 500);
    for (auto const& way : observed.now) EXPECT_EQ(way.failures(), 0u);
}

TEST_F(ObserveTest, ASlowSiteFailsAtTheEndOfTheWindow) {
    takes(new_, milliseconds(350));
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Fail) << observed.verdict.reason;
    // Of the second one, which confirms it.
    EXPECT_GE(observed.took, milliseconds(120'000));
    EXPECT_LT(observed.took, milliseconds(128'000));
    EXPECT_THAT(observed.verdict.reason, HasSubstr("response time: front page (service): median"));
    EXPECT_THAT(observed.verdict.reason, HasSubstr("in a second window front page (service)"));
    // The plain rule does not ask twice.
    options_.mode = RollbackMode::Strict;
    EXPECT_LT(run().took, milliseconds(68'000));
}

TEST_F(ObserveTest, OneSlowWindowIsNotEnough) {
    takes(new_, milliseconds(350));
    auto const observed = run([&](RoundSeen const& seen) {
        if (seen.elapsed >= milliseconds(60'000)) takes(new_, milliseconds(100));
    });
    EXPECT_NE(observed.verdict.outcome, Outcome::Fail) << observed.verdict.reason;
    EXPECT_LE(observed.took, milliseconds(184'000));
}

TEST_F(ObserveTest, WhatIsColdIsWarmedFirst) {
    // Caches fill with the first three requests for each page: by any way, they are the service's.
    std::map<std::string, int> asked;
    takes(new_, milliseconds(20), [&](http::Request const& request) {
        if (++asked[request.path] <= 3) clock_.advance(milliseconds(2'000));
        return std::optional<http::Response>();
    });
    takes(old_, milliseconds(20));
    options_.thresholds.latencies_dropped = 0;
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Pass) << observed.verdict.reason;
    EXPECT_GE(observed.warm_up_rounds, 4u);
    EXPECT_LT(observed.warm_up_rounds, limits::kWarmUpRounds);
    for (auto const& sample : observed.now[1].samples) EXPECT_LT(sample.latency_ms, 100);
    EXPECT_EQ(observed.now[1].samples.size(), 5 * observed.rounds);
    // What never settles is not waited for.
    std::uint64_t requests = 0;
    takes(new_, milliseconds(0), [&](http::Request const&) {
        clock_.advance(milliseconds(++requests / 10 % 2 == 0 ? 300 : 100));
        return std::optional<http::Response>();
    });
    EXPECT_EQ(run().warm_up_rounds, limits::kWarmUpRounds);
}

TEST_F(ObserveTest, ErrorsEndItEarly) {
    takes(new_, milliseconds(20),
          [](http::Request const&) { return std::optional(StandInSite::no_database()); });
    std::vector<std::string> troubles;
    auto const observed = run([&](RoundSeen const& seen) { troubles = seen.troubles; });
    EXPECT_EQ(observed.verdict.outcome, Outcome::Fail);
    // Ten requests a round: twenty of them are the least that says something.
    EXPECT_EQ(observed.rounds, 2u);
    EXPECT_THAT(observed.verdict.reason, HasSubstr("error rate: 20 of 20 requests failed"));
    EXPECT_EQ(troubles.size(), 10u);
    EXPECT_THAT(troubles, ::testing::Contains(
                              "visitors: front page: WordPress has no database (status 500)"));
}

TEST_F(ObserveTest, AFourthFailureInARowEndsIt) {
    options_.thresholds.error_rate = 0.99;
    takes(new_, milliseconds(20), [](http::Request const& request) {
        return request.path == "/" ? std::optional(StandInSite::no_database()) : std::nullopt;
    });
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Fail);
    EXPECT_EQ(observed.rounds, 4u);
    EXPECT_THAT(observed.verdict.reason, HasSubstr("health: at most 4 failures in a row"));
}

TEST_F(ObserveTest, AnotherTenantsSiteEndsItAtOnce) {
    new_.change([](Look& look) { look.title = "Bob's blog"; });
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Fail);
    EXPECT_EQ(observed.rounds, 1u);
    EXPECT_EQ(observed.mismatches.size(), 2u);
    EXPECT_THAT(observed.verdict.reason, HasSubstr("integrity: visitors: REST API: another site"));
    // The old home's are its own business.
    new_.change([](Look& look) { look = {}; });
    old_.change([](Look& look) { look.title = "Bob's blog"; });
    EXPECT_TRUE(run().mismatches.empty());
}

TEST_F(ObserveTest, InconclusiveIsWatchedLongerUpToABound) {
    // One page in sixteen fails: over 5 %, but not surely so for long.
    std::uint64_t asked = 0;
    takes(new_, milliseconds(100), [&](http::Request const&) {
        return ++asked % 16 == 0 ? std::optional(StandInSite::no_database()) : std::nullopt;
    });
    std::vector<milliseconds> windows;
    auto const observed = run([&](RoundSeen const& seen) { windows.push_back(seen.window); });
    EXPECT_EQ(observed.verdict.outcome, Outcome::Inconclusive) << observed.verdict.reason;
    EXPECT_EQ(observed.verdict.strict, Outcome::Fail);
    EXPECT_EQ(windows.front(), milliseconds(60'000));
    EXPECT_EQ(windows.back(), milliseconds(180'000));
    EXPECT_GE(observed.took, milliseconds(180'000));
    EXPECT_LT(observed.took, milliseconds(184'000));
    // The strict rule does not wait.
    options_.mode = RollbackMode::Strict;
    EXPECT_LT(run().rounds, 10u);
}

TEST_F(ObserveTest, NoConnectionAnywhereIsTheObserversOwnTrouble) {
    new_.stop();
    old_.stop();
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Error);
    EXPECT_THAT(observed.verdict.reason, HasSubstr("by any of 3 ways"));
    EXPECT_EQ(observed.blind_rounds, observed.rounds);
}

TEST_F(ObserveTest, ANetworkThatIsGoneMeanwhileRollsNothingBack) {
    auto const observed = run([&](RoundSeen const& seen) {
        if (seen.round != 8) return;
        new_.stop();
        old_.stop();
    });
    // What was seen before was well, but not enough to compare.
    EXPECT_EQ(observed.verdict.outcome, Outcome::Inconclusive) << observed.verdict.reason;
    EXPECT_EQ(observed.rounds - observed.blind_rounds, 8u);
    EXPECT_EQ(observed.now[0].samples.size(), 40u);
    EXPECT_EQ(observed.now[0].failures(), 0u);
}

TEST_F(ObserveTest, NoConnectionToTheNewHomeAloneIsAFailure) {
    new_.stop();
    auto const observed = run();
    EXPECT_EQ(observed.verdict.outcome, Outcome::Fail) << observed.verdict.reason;
    EXPECT_EQ(observed.rounds, 2u);
}

TEST_F(ObserveTest, ABaselineFromBeforeIsThePlainRulesMeasure) {
    subject_.before = must(take_baseline(context(), subject_.plan,
                                         {way("visitors", "shop.test", old_)}, {.rounds = 8}));
    ASSERT_EQ(subject_.before.size(), 1u);
    EXPECT_EQ(subject_.before[0].samples.size(), 40u);
    EXPECT_EQ(subject_.before[0].rounds.size(), 8u);
    takes(new_, milliseconds(170));
    takes(old_, milliseconds(170));
    auto const observed = run();
    EXPECT_EQ(observed.verdict.strict, Outcome::Fail);
    EXPECT_EQ(observed.verdict.statistical, Outcome::Pass) << observed.verdict.reason;
    EXPECT_THAT(observed.verdict.finding(Trigger::ResponseTime).strict.reason,
                HasSubstr("(visitors): median"));
}

TEST_F(ObserveTest, AReportHasAllNumbers) {
    auto const report = to_json(run());
    EXPECT_EQ(report.at("verdict").at("outcome"), "pass");
    EXPECT_EQ(report.at("verdict").at("findings").as_array().size(), 4u);
    auto const& way = report.at("now").at(0);
    EXPECT_EQ(way.at("vantage_point"), "visitors");
    EXPECT_EQ(way.at("requests"), 105);
    auto const& front = way.at("pages").at(0);
    EXPECT_EQ(front.at("page"), "front page");
    EXPECT_EQ(front.at("requests"), 21);
    EXPECT_EQ(front.at("failures"), 0);
    EXPECT_NEAR(front.at("median_ms").to_number<double>(), 103, 4);
    EXPECT_GE(front.at("p95_ms").to_number<double>(), front.at("median_ms").to_number<double>());
    EXPECT_EQ(front.at("samples").as_array().size(), 21u);
    EXPECT_EQ(front.at("samples").at(0).as_array().size(), 3u);
    EXPECT_EQ(report.at("old_home").as_array().size(), 1u);
}

TEST_F(ObserveTest, ItCanBeCalledOff) {
    auto const stopped = observe(context(), subject_, options_, [&](RoundSeen const& seen) {
        if (seen.round == 3) stop_.request_stop();
    });
    EXPECT_THAT(stopped, HasCode(ErrorCode::Cancelled));
    options_.window_most = milliseconds(1);
    EXPECT_THAT(observe(context(), subject_, options_, {}), HasCode(ErrorCode::InvalidArgument));
}

}  // namespace
}  // namespace aipress::sites
