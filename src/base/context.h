// What every blocking call is given first: until when, and who may call it off.
#pragma once

#include <stop_token>
#include <utility>

#include "base/clock.h"

namespace aipress {

// Cheap to copy. The clock outlives every Context made of it.
class Context {
public:
    Context(Clock& clock, Deadline deadline, std::stop_token stop)
        : clock_(&clock), deadline_(deadline), stop_(std::move(stop)) {}

    [[nodiscard]] Clock& clock() const { return *clock_; }
    [[nodiscard]] Deadline deadline() const { return deadline_; }
    [[nodiscard]] std::stop_token const& stop() const { return stop_; }
    [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }
    [[nodiscard]] bool expired() const { return deadline_.passed(*clock_); }

    // The same, but over no later than `duration` from now.
    [[nodiscard]] Context within(milliseconds duration) const {
        return {*clock_, deadline_.capped(*clock_, duration), stop_};
    }
    // The same deadline, called off by another token.
    [[nodiscard]] Context stopped_by(std::stop_token stop) const {
        return {*clock_, deadline_, std::move(stop)};
    }
    // False when stopped or past the deadline.
    bool sleep(milliseconds duration) const {
        auto const remaining = deadline_.remaining(*clock_);
        return clock_->sleep_for(duration < remaining ? duration : remaining, stop_) && !expired();
    }

private:
    Clock* clock_;
    Deadline deadline_;
    std::stop_token stop_;
};

}  // namespace aipress
