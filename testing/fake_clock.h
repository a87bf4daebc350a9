// A clock that a test moves by hand.
#pragma once

#include <mutex>

#include "base/clock.h"

namespace aipress::testing {

// Thread safe. Starts at one second past the epoch of both clocks, so that "a moment earlier"
// exists. Sleeping costs no time: it moves the clock.
class FakeClock final : public Clock {
public:
    [[nodiscard]] SteadyTime now() const override {
        std::lock_guard const lock(mutex_);
        return SteadyTime(elapsed_);
    }
    [[nodiscard]] WallTime wall_now() const override {
        std::lock_guard const lock(mutex_);
        return WallTime(elapsed_);
    }
    bool sleep_for(milliseconds duration, std::stop_token stop) override {
        if (stop.stop_requested()) return false;
        advance(duration);
        return true;
    }
    void advance(milliseconds duration) {
        std::lock_guard const lock(mutex_);
        elapsed_ += duration;
    }

private:
    mutable std::mutex mutex_;
    milliseconds elapsed_{1'000};
};

}  // namespace aipress::testing
