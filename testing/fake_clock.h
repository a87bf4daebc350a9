// A clock that a test moves by hand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.h"

namespace aipress::testing {

// Thread safe. Starts at one second past the epoch of both clocks, so that "a moment earlier"
// exists. Sleeping costs no time: it moves the clock. Alarms ring on the thread that moves it.
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
    [[nodiscard]] std::unique_ptr<Alarm> call_at(SteadyTime when,
                                                 std::function<void()> callback) override {
        std::lock_guard const lock(mutex_);
        AlarmId const id{when, ++last_id_};
        pending_.emplace(id, std::move(callback));
        ring_due();
        return std::make_unique<Handle>(*this, id);
    }
    void advance(milliseconds duration) {
        std::lock_guard const lock(mutex_);
        elapsed_ += duration;
        ring_due();
    }

private:
    using AlarmId = std::pair<SteadyTime, std::uint64_t>;

    class Handle final : public Alarm {
    public:
        Handle(FakeClock& clock, AlarmId id) : clock_(clock), id_(id) {}
        ~Handle() override {
            std::lock_guard const lock(clock_.mutex_);  // waits for a call that is under way
            clock_.pending_.erase(id_);
        }

    private:
        FakeClock& clock_;
        AlarmId id_;
    };

    void ring_due() {
        while (!pending_.empty() && pending_.begin()->first.first <= SteadyTime(elapsed_)) {
            auto const node = pending_.extract(pending_.begin());
            node.mapped()();
        }
    }

    mutable std::recursive_mutex mutex_;  // a callback may ask what time it is
    milliseconds elapsed_{1'000};
    std::map<AlarmId, std::function<void()>> pending_;
    std::uint64_t last_id_ = 0;
};

}  // namespace aipress::testing
