#include "gcp/retry.h"

#include <gmock/gmock.h>

#include "testing/fake_clock.h"

namespace aipress::gcp {
namespace {

ApiError failed(Retry retry, std::optional<milliseconds> delay = std::nullopt) {
    ApiError error(Error(ErrorCode::Unavailable, "x"));
    error.retry = retry;
    error.retry_delay = delay;
    return error;
}

TEST(RetryTest, WaitsDoubleToACapAndAreARandomPartOfThat) {
    RetryPolicy policy;
    policy.random = [] { return 0.5; };
    Backoff backoff(policy);
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 8; ++i) waits.push_back(backoff.next().count());
    EXPECT_THAT(waits,
                ::testing::ElementsAre(500, 1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000));
}

TEST(RetryTest, WhatGoogleAsksForIsWaitedAtLeast) {
    testing::FakeClock clock;
    Context const context(clock, Deadline::never(), {});
    RetryPolicy policy;
    policy.random = [] { return 0.0; };
    Retries retries(context, policy);
    auto const before = clock.now();
    EXPECT_TRUE(retries.wait_after(failed(Retry::Always, milliseconds(7'000))));
    EXPECT_EQ(elapsed_ms(before, clock.now()), milliseconds(7'000));
    EXPECT_FALSE(retries.wait_after(failed(Retry::Never)));
}

TEST(RetryTest, TheDeadlineAndTheNumberOfAttemptsEndIt) {
    testing::FakeClock clock;
    RetryPolicy policy;
    policy.random = [] { return 1.0; };
    Context const short_one(clock, Deadline::after(clock, milliseconds(10'000)), {});
    Retries in_time(short_one, policy);
    while (in_time.wait_after(failed(Retry::WhenIdempotent))) {
    }
    EXPECT_EQ(in_time.attempts(), 4U);  // 1 + 2 + 4 s; 8 more would be too late, so nobody waits
    EXPECT_FALSE(short_one.expired());
    Context const endless(clock, Deadline::never(), {});
    policy.attempts = 3;
    Retries counted(endless, policy);
    while (counted.wait_after(failed(Retry::Always))) {
    }
    EXPECT_EQ(counted.attempts(), 3U);
    std::stop_source stop;
    stop.request_stop();
    Context const stopped = endless.stopped_by(stop.get_token());
    Retries called_off(stopped, policy);
    EXPECT_FALSE(called_off.wait_after(failed(Retry::Always)));
}

// Twenty tenants on one shared instance: each waits for its turn.
TEST(RetryTest, OthersOperationsAreWaitedOutAndUseUpNoAttempt) {
    testing::FakeClock clock;
    RetryPolicy policy;
    policy.random = [] { return 1.0; };
    policy.attempts = 2;
    Context const endless(clock, Deadline::never(), {});
    Retries retries(endless, policy);
    auto busy = failed(Retry::Always);
    busy.reason = "operationInProgress";
    auto const before = clock.now();
    while (retries.wait_after(busy)) {
    }
    EXPECT_GE(elapsed_ms(before, clock.now()), limits::kQueueTime);
    EXPECT_EQ(retries.attempts(), 1U);
    EXPECT_TRUE(retries.wait_after(failed(Retry::Always)));
}

// A quota is a minute's: six attempts would be over before it is there again.
TEST(RetryTest, ARateLimitIsWaitedOutAndUsesUpNoAttempt) {
    testing::FakeClock clock;
    RetryPolicy policy;
    policy.random = [] { return 1.0; };
    policy.attempts = 2;
    Context const endless(clock, Deadline::never(), {});
    Retries retries(endless, policy);
    auto refused = failed(Retry::Always);
    refused.http_status = 429;
    auto const before = clock.now();
    while (retries.wait_after(refused)) {
    }
    EXPECT_GE(elapsed_ms(before, clock.now()), limits::kRefusedTime);
    EXPECT_LE(elapsed_ms(before, clock.now()), limits::kRefusedTime + limits::kBackoffMost);
    EXPECT_EQ(retries.attempts(), 1U);
}

}  // namespace
}  // namespace aipress::gcp
