// When a call is tried again: the only place of this module that sleeps between attempts.
#pragma once

#include <functional>
#include <optional>

#include "base/context.h"
#include "gcp/error.h"
#include "gcp/limits.h"

namespace aipress::gcp {

// In [0, 1). Thread safe.
using Random = std::function<double()>;
[[nodiscard]] double random_fraction();

struct RetryPolicy {
    milliseconds first = limits::kBackoffFirst;
    milliseconds most = limits::kBackoffMost;
    double factor = limits::kBackoffFactor;
    unsigned attempts = limits::kAttemptsMost;
    Random random = random_fraction;
};

// The waits between attempts: "full jitter", so that clients that failed together do not come back
// together. The n-th is a random part of min(most, first * factor^n).
class Backoff {
public:
    explicit Backoff(RetryPolicy const& policy) : policy_(policy), ceiling_(policy.first) {}
    [[nodiscard]] milliseconds next();

private:
    RetryPolicy const& policy_;
    milliseconds ceiling_;
};

// One call's attempts. Context and policy outlive it.
//
//     for (Retries retries(context, policy);;) {
//         auto outcome = attempt();
//         if (outcome.ok() || !retries.wait_after(outcome.error())) return outcome;
//     }
class Retries {
public:
    Retries(Context const& context, RetryPolicy const& policy)
        : context_(context), policy_(policy), backoff_(policy) {}

    // Sleeps, for as long as Google asks at least, and says true when the attempt is to be
    // repeated. False at once: the error is for good, the attempts are used up, or the deadline
    // would pass. "Operation in progress" and a rate limit use up no attempt, for they are no
    // fault and pass: they are waited out for limits::kQueueTime and limits::kRefusedTime. The
    // caller has made sure that a Retry::WhenIdempotent may be repeated.
    bool wait_after(ApiError const& error);
    [[nodiscard]] unsigned attempts() const { return attempts_; }

private:
    // nullopt: it is a fault, and attempts count.
    [[nodiscard]] static std::optional<milliseconds> time_to_wait_out(ApiError const& error);

    Context const& context_;
    RetryPolicy const& policy_;
    Backoff backoff_;
    unsigned attempts_ = 1;
    SteadyTime waiting_since_;  // for what is no fault
};

}  // namespace aipress::gcp
