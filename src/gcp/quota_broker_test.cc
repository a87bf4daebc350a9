#include "gcp/quota_broker.h"

#include <array>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "gcp/limits.h"
#include "testing/fake_clock.h"
#include "testing/status_matchers.h"

namespace aipress::gcp {
namespace {

using testing::HasCode;
using testing::HasError;
using testing::IsOk;

class QuotaBrokerTest : public ::testing::Test {
protected:
    void SetUp() override { broker_.set_limit(kGroup, {.calls_a_minute = 60, .burst = 2}); }
    Outcome<QuotaBroker::Permit> acquire(QuotaKey const& key) {
        return broker_.acquire({clock_, Deadline::never(), {}}, key);
    }
    QuotaBroker::Permit permit(QuotaKey const& key) {
        auto got = acquire(key);
        EXPECT_THAT(got, IsOk());
        return got.release();
    }
    // How far the clock moved, for a sleep of the broker's moves it.
    template <typename Act>
    milliseconds taken(Act const& act) {
        auto const before = clock_.now();
        act();
        return elapsed_ms(before, clock_.now());
    }

    // As many refusals in a row as mean something.
    void refuse_lastingly(QuotaKey const& key, std::optional<milliseconds> delay) {
        std::vector<QuotaBroker::Permit> permits;
        for (std::size_t i = 0; i < limits::kRefusalsSustained; ++i) permits.push_back(permit(key));
        for (auto const& one : permits) broker_.refused(key, one, delay);
    }

    inline static QuotaGroup const kGroup{.api = "sqladmin.googleapis.com", .name = "mutate"};
    QuotaKey const key_{.group = kGroup, .project = "p", .user = "u", .region = "r"};
    QuotaKey const unknown_{.group = {.api = "new.googleapis.com", .name = "mutate"}};
    testing::FakeClock clock_;
    QuotaBroker broker_{clock_};
};

TEST_F(QuotaBrokerTest, ABurstIsFreeAndThenTheRateHolds) {
    EXPECT_EQ(taken([&] { permit(key_), permit(key_); }), milliseconds(0));
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(1'000));
    EXPECT_EQ(taken([&] {
                  for (int i = 0; i < 60; ++i) permit(key_);
              }),
              milliseconds(60'000));
    clock_.advance(milliseconds(3'600'000));  // an hour saves no more than a burst
    EXPECT_EQ(taken([&] { permit(key_), permit(key_), permit(key_); }), milliseconds(1'000));
}

TEST_F(QuotaBrokerTest, ProjectUserAndRegionAreCountedApart) {
    permit(key_), permit(key_);
    for (auto const& [project, user, region] : std::vector<std::array<std::string, 3>>{
             {"q", "u", "r"}, {"p", "v", "r"}, {"p", "u", "s"}}) {
        EXPECT_EQ(taken([&] {
                      permit({.group = kGroup, .project = project, .user = user, .region = region});
                  }),
                  milliseconds(0));
    }
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(1'000));
}

TEST_F(QuotaBrokerTest, ATurnPastTheDeadlineIsRefusedAtOnceAndTakesNothing) {
    permit(key_), permit(key_);
    Context const hurried(clock_, Deadline::after(clock_, milliseconds(500)), {});
    EXPECT_EQ(taken([&] {
                  EXPECT_THAT(broker_.acquire(hurried, key_),
                              HasError(ErrorCode::ResourceExhausted,
                                       ::testing::HasSubstr("sqladmin.googleapis.com")));
              }),
              milliseconds(0));
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(1'000));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(broker_.acquire({clock_, Deadline::never(), stop.get_token()}, key_),
                HasCode(ErrorCode::Cancelled));
}

TEST_F(QuotaBrokerTest, LastingRefusalsCutTheRateOnceAndItComesBack) {
    permit(key_);
    refuse_lastingly(key_, std::nullopt);
    // Nothing came through; one cut halves at most.
    EXPECT_EQ(broker_.calls_a_minute(key_), 60 * limits::kQuotaCutMost * limits::kQuotaCut);
    clock_.advance(limits::kQuotaRecovery);
    EXPECT_EQ(broker_.calls_a_minute(key_), 30);
    clock_.advance(limits::kQuotaRecovery / 2);
    EXPECT_NEAR(*broker_.calls_a_minute(key_), 31.1, 0.1);
    clock_.advance(2 * limits::kQuotaRecovery);
    EXPECT_EQ(broker_.calls_a_minute(key_), 60);
}

TEST_F(QuotaBrokerTest, AfterACutAllPauseEverLongerUntilACallComesThrough) {
    refuse_lastingly(key_, std::nullopt);
    QuotaBroker::Permit last;
    auto expected = limits::kQuotaPauseFirst;
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(taken([&] { last = permit(key_); }), expected);
        broker_.refused(key_, last, std::nullopt);
        expected = std::min(2 * expected, limits::kQuotaPauseMost);
    }
    EXPECT_EQ(taken([&] { last = permit(key_); }), limits::kQuotaPauseMost);
    broker_.accepted(key_, last);
    EXPECT_LE(taken([&] { last = permit(key_); }), milliseconds(3'000));
    broker_.refused(key_, last, std::nullopt);
    EXPECT_LE(taken([&] { last = permit(key_); }), milliseconds(3'000));
}

TEST_F(QuotaBrokerTest, WhatWasLetThroughBeforeTheCutDoesNotCutAgain) {
    std::vector<QuotaBroker::Permit> early;
    for (std::size_t i = 0; i < 3 * limits::kRefusalsSustained; ++i) early.push_back(permit(key_));
    for (auto const& one : early) broker_.refused(key_, one, milliseconds(5'000));
    EXPECT_EQ(broker_.calls_a_minute(key_), 60 * limits::kQuotaCutMost * limits::kQuotaCut);
    // Where refusals last, a delay is everybody's.
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(5'000));
}

TEST_F(QuotaBrokerTest, WhoWaitsWhenAPauseBeginsWaitsItOut) {
    std::vector<QuotaBroker::Permit> early;
    for (int i = 0; i < 12; ++i) early.push_back(permit(key_));
    auto const alarm = clock_.call_at(clock_.now() + milliseconds(200), [&] {
        for (auto const& one : early) broker_.refused(key_, one, milliseconds(30'000));
    });
    // The fake clock goes to the end of a sleep before it rings: a second from then on.
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(1'000 + 30'000));
    auto const hurry = clock_.call_at(clock_.now() + milliseconds(200),
                                      [&] { refuse_lastingly(key_, milliseconds(3'600'000)); });
    Context const hurried(clock_, Deadline::after(clock_, milliseconds(60'000)), {});
    EXPECT_THAT(broker_.acquire(hurried, key_), HasCode(ErrorCode::ResourceExhausted));
}

TEST_F(QuotaBrokerTest, ASingleRefusalIsItsCallersAlone) {
    for (std::size_t i = 0; i + 1 < limits::kRefusalsSustained; ++i) {
        broker_.refused(key_, permit(key_), milliseconds(60'000));
        EXPECT_EQ(broker_.calls_a_minute(key_), 60);
        EXPECT_LE(broker_.eta(key_, 1), milliseconds(1'000));
    }
    clock_.advance(milliseconds(60'000));  // refusals of long ago and of now are no series
    broker_.refused(key_, permit(key_), milliseconds(60'000));
    EXPECT_EQ(broker_.calls_a_minute(key_), 60);
}

TEST_F(QuotaBrokerTest, ALimitThatNobodyToldIsLearnedAndForgotten) {
    EXPECT_EQ(taken([&] {
                  for (int i = 0; i < 100; ++i) broker_.accepted(unknown_, permit(unknown_));
              }),
              milliseconds(0));
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    refuse_lastingly(unknown_, std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(unknown_), 70);
    auto const two = taken([&] { permit(unknown_), permit(unknown_); });
    EXPECT_NEAR(static_cast<double>(two.count()), 1'000 + 60'000 / 70.0, 20);
    clock_.advance(limits::kQuotaForgotten);
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    // First calls that are refused are no sign of a call a minute.
    auto other = unknown_;
    other.project = "other";
    refuse_lastingly(other, std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(other),
              limits::kLearnedLeastCalls * limits::kQuotaCut * limits::kQuotaCutMost);
}

TEST_F(QuotaBrokerTest, ALeastRateIsKeptHoweverOftenItIsRefused) {
    broker_.set_limit(unknown_.group, {.least = 6'000});
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    for (int i = 0; i < 10; ++i) {
        refuse_lastingly(unknown_, milliseconds(60'000));
        EXPECT_EQ(broker_.calls_a_minute(unknown_), 6'000);
    }
    EXPECT_EQ(taken([&] { permit(unknown_); }), milliseconds(10));
    clock_.advance(limits::kQuotaForgotten);
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
}

TEST_F(QuotaBrokerTest, AnEtaIsWhatTheCallsThenTake) {
    EXPECT_EQ(broker_.eta(key_, 0), milliseconds(0));
    EXPECT_EQ(broker_.eta(unknown_, 1'000'000), milliseconds(0));
    for (int const count : {1, 2, 3, 50}) {
        auto const eta = broker_.eta(key_, static_cast<std::uint64_t>(count));
        EXPECT_EQ(taken([&] {
                      for (int i = 0; i < count; ++i) permit(key_);
                  }),
                  eta)
            << count;
    }
    refuse_lastingly(key_, milliseconds(7'000));
    EXPECT_EQ(broker_.eta(key_, 1), milliseconds(7'000));
    // 50,000 databases and as many users through one project: 9.3 hours at 180 a minute.
    broker_.set_limit(kGroup, {.calls_a_minute = 180, .burst = 30});
    EXPECT_EQ(broker_.eta(key_, 100'000) / milliseconds(60'000), 555);
}

TEST_F(QuotaBrokerTest, ThreadsTogetherGetNoMoreThanOne) {
    auto const took = taken([&] {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&] {
                for (int i = 0; i < 15; ++i) EXPECT_THAT(acquire(key_), IsOk());
            });
        }
    });
    EXPECT_GE(took, milliseconds(58'000));
}

// Those who call, and what answers them. Callers are so many that one is always ready.
class BusyCallersTest : public QuotaBrokerTest {
protected:
    struct Tally {
        double calls = 0;
        double refusals = 0;
        [[nodiscard]] double share() const { return refusals / calls; }
        [[nodiscard]] double came_through() const { return calls - refusals; }
    };
    static constexpr milliseconds kCall{5};

    // Each process has its broker, and they take turns. `takes`: whether the server takes a call.
    template <typename Takes>
    Tally call_for(milliseconds time, std::vector<QuotaBroker*> const& brokers, QuotaKey const& key,
                   Takes const& takes) {
        Tally tally;
        auto const end = clock_.now() + time;
        while (clock_.now() < end) {
            for (auto* const broker : brokers) {
                // The other processes do not wait for this one's turn.
                if (brokers.size() > 1 && broker->eta(key, 1) > milliseconds(0)) continue;
                auto const permit = broker->acquire({clock_, Deadline::never(), {}}, key).release();
                ++tally.calls;
                if (takes()) {
                    broker->accepted(key, permit);
                } else {
                    ++tally.refusals;
                    broker->refused(key, permit, std::nullopt);
                }
            }
            clock_.advance(kCall);
        }
        return tally;
    }
    Tally call_for(milliseconds time, QuotaKey const& key, std::function<bool()> const& takes) {
        return call_for(time, {&broker_}, key, takes);
    }

    // So many a minute, the rest saved up to a minute's, as the sandbox and most of Google count.
    std::function<bool()> evenly(double calls) {
        return [this, calls, left = calls, at = clock_.now()]() mutable {
            auto const now = clock_.now();
            left = std::min(calls, left + calls * std::chrono::duration<double>(now - at) /
                                              std::chrono::minutes(1));
            at = now;
            if (left < 1) return false;
            left -= 1;
            return true;
        };
    }
    // So many in each minute of the wall clock, and nothing when they are used up.
    std::function<bool()> by_the_minute(double calls) {
        return [this, calls, minute = std::int64_t(-1), left = 0.0]() mutable {
            auto const now = elapsed_ms(SteadyTime(), clock_.now()) / milliseconds(60'000);
            if (now != minute) left = calls;
            minute = now;
            if (left < 1) return false;
            left -= 1;
            return true;
        };
    }

    QuotaKey next_key() {
        auto key = unknown_;
        key.project = std::to_string(++projects_);
        return key;
    }
    int projects_ = 0;

    static constexpr unsigned kSeed = 11;
    std::mt19937 random_{kSeed};
    std::function<bool()> now_and_then_not(double refused) {
        return [this, refused] {
            return std::uniform_real_distribution<double>(0, 1)(random_) >= refused;
        };
    }
};

TEST_F(BusyCallersTest, RefusalsNowAndThenSlowNobodyDown) {
    milliseconds const time{300'000};
    broker_.set_limit(kGroup, {.calls_a_minute = 600, .burst = 10});
    for (auto const refused : {0.0125, 0.05}) {
        auto const unlimited = call_for(time, unknown_, now_and_then_not(refused));
        EXPECT_EQ(unlimited.calls, time / kCall) << refused;
        auto const limited = call_for(time, key_, now_and_then_not(refused));
        EXPECT_NEAR(limited.calls, 3'000, 15) << refused;
    }
}

// What finding it costs is the first minutes'; then it is probed with some calls in a hundred.
TEST_F(BusyCallersTest, AQuotaThatNobodyToldIsFoundAndKept) {
    for (auto const calls : {60.0, 180.0, 600.0, 3'000.0}) {
        for (auto const& takes : {evenly(calls), by_the_minute(calls)}) {
            auto const key = next_key();
            auto const first = call_for(milliseconds(180'000), key, takes);
            auto const then = call_for(milliseconds(1'800'000), key, takes);
            EXPECT_LT(first.share(), 0.15) << calls;
            EXPECT_LT(then.share(), calls < 100 ? 0.06 : 0.035) << calls;
            EXPECT_GT(then.came_through(), 0.95 * 30 * calls) << calls;
        }
    }
}

TEST_F(BusyCallersTest, AQuotaIsKeptAlsoWhereSomeAreRefusedByChance) {
    for (auto const calls : {180.0, 600.0}) {
        for (auto const& quota : {evenly(calls), by_the_minute(calls)}) {
            auto const key = next_key();
            auto const takes = [&, luck = now_and_then_not(0.05)] { return luck() && quota(); };
            call_for(milliseconds(180'000), key, takes);
            auto const then = call_for(milliseconds(1'800'000), key, takes);
            EXPECT_LT(then.share(), 0.08) << calls;
            EXPECT_GT(then.came_through(), 0.8 * 30 * calls) << calls;
        }
    }
}

// Each believes that all of it is its own.
TEST_F(BusyCallersTest, ProcessesThatDoNotKnowOfEachOtherShareAQuota) {
    constexpr double kCalls = 180;
    for (auto const& takes : {evenly(kCalls), by_the_minute(kCalls)}) {
        std::vector<std::unique_ptr<QuotaBroker>> owned;
        std::vector<QuotaBroker*> brokers;
        for (int i = 0; i < 4; ++i) {
            owned.push_back(std::make_unique<QuotaBroker>(clock_));
            owned.back()->set_limit(kGroup, {.calls_a_minute = kCalls, .burst = kCalls / 6});
            brokers.push_back(owned.back().get());
        }
        call_for(milliseconds(180'000), brokers, key_, takes);
        auto const then = call_for(milliseconds(600'000), brokers, key_, takes);
        EXPECT_LT(then.share(), 0.15);
        EXPECT_GT(then.came_through(), 0.95 * 10 * kCalls);
    }
}

}  // namespace
}  // namespace aipress::gcp
