// Time as a parameter: nothing outside SystemClock asks the machine what time it is.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace aipress {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using std::chrono::milliseconds;

// A call that is due at some time. Destroyed before then, it is called off; its destructor waits
// for a call that is under way.
class Alarm {
public:
    virtual ~Alarm() = default;
};

// Thread safe.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual SteadyTime now() const = 0;
    [[nodiscard]] virtual WallTime wall_now() const = 0;
    // Returns early, with false, when stop is requested.
    virtual bool sleep_for(milliseconds duration, std::stop_token stop) = 0;
    // Calls back once, on a thread of the clock's. The callback is short and sets no alarm itself.
    [[nodiscard]] virtual std::unique_ptr<Alarm> call_at(SteadyTime when,
                                                         std::function<void()> callback) = 0;
};

// The machine's clock. Outlives the alarms it gave.
class SystemClock final : public Clock {
public:
    SystemClock();
    SystemClock(SystemClock const&) = delete;
    SystemClock& operator=(SystemClock const&) = delete;
    ~SystemClock() override;

    [[nodiscard]] SteadyTime now() const override;
    [[nodiscard]] WallTime wall_now() const override;
    bool sleep_for(milliseconds duration, std::stop_token stop) override;
    [[nodiscard]] std::unique_ptr<Alarm> call_at(SteadyTime when,
                                                 std::function<void()> callback) override;

private:
    class Alarms;
    std::shared_ptr<Alarms> alarms_;
};

[[nodiscard]] inline milliseconds elapsed_ms(SteadyTime from, SteadyTime to) {
    return std::chrono::duration_cast<milliseconds>(to - from);
}

// A point in time by which a blocking call has to be over.
class Deadline {
public:
    [[nodiscard]] static Deadline never() { return Deadline(SteadyTime::max()); }
    [[nodiscard]] static Deadline after(Clock const& clock, milliseconds duration) {
        return Deadline(clock.now() + duration);
    }
    [[nodiscard]] static Deadline at(SteadyTime time) { return Deadline(time); }

    [[nodiscard]] bool is_never() const { return time_ == SteadyTime::max(); }
    [[nodiscard]] bool passed(Clock const& clock) const { return clock.now() >= time_; }
    [[nodiscard]] SteadyTime time() const { return time_; }  // SteadyTime::max() for never()
    // 0 once passed; milliseconds::max() for never().
    [[nodiscard]] milliseconds remaining(Clock const& clock) const;
    // A child deadline never exceeds its parent's.
    [[nodiscard]] Deadline capped(Clock const& clock, milliseconds duration) const;

private:
    explicit Deadline(SteadyTime time) : time_(time) {}
    SteadyTime time_;
};

}  // namespace aipress
