#include "gcp/retry.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace aipress::gcp {

double random_fraction() {
    static thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
}

milliseconds Backoff::next() {
    auto const ceiling = std::min(ceiling_, policy_.most);
    ceiling_ = milliseconds(
        std::llround(static_cast<double>(ceiling.count()) * std::max(policy_.factor, 1.0)));
    return milliseconds(std::llround(static_cast<double>(ceiling.count()) * policy_.random()));
}

bool Retries::wait_after(ApiError const& error) {
    if (error.retry == Retry::Never) return false;
    // Not a fault: others are served before this one, and each of them ends.
    bool const is_queued = error.reason == "operationInProgress";
    auto const now = context_.clock().now();
    if (is_queued && queued_since_ == SteadyTime()) queued_since_ = now;
    if (is_queued && elapsed_ms(queued_since_, now) >= limits::kQueueTime) return false;
    if (!is_queued && attempts_ >= policy_.attempts) return false;
    auto const pause = std::max(backoff_.next(), error.retry_delay.value_or(milliseconds(0)));
    if (pause >= context_.deadline().remaining(context_.clock())) return false;
    if (!is_queued) ++attempts_;
    return context_.sleep(pause);
}

}  // namespace aipress::gcp
