#include "base/clock.h"

#include <algorithm>

namespace aipress {

SteadyTime SystemClock::now() const {
    return std::chrono::steady_clock::now();
}

WallTime SystemClock::wall_now() const {
    return std::chrono::system_clock::now();
}

bool SystemClock::sleep_for(milliseconds duration, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
}

milliseconds Deadline::remaining(Clock const& clock) const {
    if (is_never()) return milliseconds::max();
    return std::max(milliseconds(0), elapsed_ms(clock.now(), time_));
}

Deadline Deadline::capped(Clock const& clock, milliseconds duration) const {
    return Deadline(std::min(time_, clock.now() + duration));
}

}  // namespace aipress
