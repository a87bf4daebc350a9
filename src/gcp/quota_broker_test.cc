#include "gcp/quota_broker.h"

#include <array>
#include <gmock/gmock.h>
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

TEST_F(QuotaBrokerTest, ARefusalHalvesOnceAndTheRateComesBack) {
    auto const first = permit(key_);
    auto const second = permit(key_);
    broker_.refused(key_, first, milliseconds(5'000));
    broker_.refused(key_, second, std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(key_), 30);
    // Closed for five seconds, in which the bucket filled at half the rate to its burst.
    EXPECT_EQ(taken([&] { permit(key_); }), milliseconds(5'000));
    auto const third = permit(key_);
    broker_.refused(key_, third, std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(key_), 15);
    clock_.advance(limits::kQuotaRecovery);
    EXPECT_EQ(broker_.calls_a_minute(key_), 15 * limits::kQuotaRise);
    clock_.advance(20 * limits::kQuotaRecovery);
    EXPECT_EQ(broker_.calls_a_minute(key_), 60);
}

TEST_F(QuotaBrokerTest, ALimitThatNobodyToldIsLearnedAndForgotten) {
    QuotaBroker::Permit last;
    EXPECT_EQ(taken([&] {
                  for (int i = 0; i < 100; ++i) last = permit(unknown_);
              }),
              milliseconds(0));
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    broker_.refused(unknown_, last, std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(unknown_), 50);
    EXPECT_EQ(taken([&] { permit(unknown_); }), milliseconds(1'200));
    clock_.advance(limits::kQuotaForgotten);
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    // A first call that is refused is no sign of a call a minute.
    auto other = unknown_;
    other.project = "other";
    broker_.refused(other, permit(other), std::nullopt);
    EXPECT_EQ(broker_.calls_a_minute(other), limits::kLearnedLeastCalls / 2);
}

TEST_F(QuotaBrokerTest, ALeastRateIsKeptHoweverOftenItIsRefused) {
    broker_.set_limit(unknown_.group, {.least = 6'000});
    EXPECT_EQ(broker_.calls_a_minute(unknown_), std::nullopt);
    for (int i = 0; i < 10; ++i) {
        broker_.refused(unknown_, permit(unknown_), milliseconds(60'000));
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
    auto const last = permit(key_);
    broker_.refused(key_, last, milliseconds(7'000));
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

}  // namespace
}  // namespace aipress::gcp
