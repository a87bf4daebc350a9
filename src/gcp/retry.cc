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

std::optional<milliseconds> Retries::time_to_wait_out(ApiError const& error) {
    if (error.reason == "operationInProgress") return limits::kQueueTime;
    if (error.is_rate_limit()) return limits::kRefusedTime;
    return std::nullopt;
}

bool Retries::wait_after(ApiError const& error) {
    if (error.retry == Retry::Never) return false;
    auto const now = context_.clock().now();
    auto const most = time_to_wait_out(error);
    if (most) {
        if (waiting_since_ == SteadyTime()) waiting_since_ = now;
        if (elapsed_ms(waiting_since_, now) >= *most) return false;
    } else if (attempts_ >= policy_.attempts) {
        return false;
    }
    auto const pause = std::max(backoff_.next(), error.retry_delay.value_or(milliseconds(0)));
    if (pause >= context_.deadline().remaining(context_.clock())) return false;
    if (!most) ++attempts_;
    return context_.sleep(pause);
}

}  // namespace aipress::gcp
