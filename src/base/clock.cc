#include "base/clock.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace aipress {

// One thread, started with the first alarm, that sleeps until the earliest one is due.
class SystemClock::Alarms {
public:
    using Id = std::pair<SteadyTime, std::uint64_t>;

    ~Alarms() {
        thread_.request_stop();
        changed_.notify_all();
    }

    Id add(SteadyTime when, std::function<void()> callback) {
        std::lock_guard lock(mutex_);
        if (!thread_.joinable()) {
            thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
        }
        Id const id{when, ++last_id_};
        pending_.emplace(id, std::move(callback));
        if (pending_.begin()->first == id) changed_.notify_all();
        return id;
    }

    void remove(Id id) {
        std::unique_lock lock(mutex_);
        pending_.erase(id);
        changed_.wait(lock, [&] { return running_ != id; });
    }

private:
    void run(std::stop_token const& stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            if (pending_.empty()) {
                changed_.wait(lock, stop, [&] { return !pending_.empty(); });
                continue;
            }
            auto const due = pending_.begin()->first.first;
            if (std::chrono::steady_clock::now() < due) {
                changed_.wait_until(lock, stop, due, [&] {
                    return pending_.empty() || pending_.begin()->first.first < due;
                });
                continue;
            }
            auto node = pending_.extract(pending_.begin());
            running_ = node.key();
            lock.unlock();
            node.mapped()();
            lock.lock();
            running_ = {};
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<Id, std::function<void()>> pending_;
    Id running_{};
    std::uint64_t last_id_ = 0;
    std::jthread thread_;  // last: joined before the rest goes
};

SystemClock::SystemClock() : alarms_(std::make_shared<Alarms>()) {}

SystemClock::~SystemClock() = default;

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

std::unique_ptr<Alarm> SystemClock::call_at(SteadyTime when, std::function<void()> callback) {
    class Handle final : public Alarm {
    public:
        Handle(std::shared_ptr<Alarms> alarms, Alarms::Id id)
            : alarms_(std::move(alarms)), id_(id) {}
        ~Handle() override { alarms_->remove(id_); }

    private:
        std::shared_ptr<Alarms> alarms_;
        Alarms::Id id_;
    };
    auto const id = alarms_->add(when, std::move(callback));
    return std::make_unique<Handle>(alarms_, id);
}

milliseconds Deadline::remaining(Clock const& clock) const {
    if (is_never()) return milliseconds::max();
    return std::max(milliseconds(0), elapsed_ms(clock.now(), time_));
}

Deadline Deadline::capped(Clock const& clock, milliseconds duration) const {
    if (duration == milliseconds::max()) return *this;
    return Deadline(std::min(time_, clock.now() + duration));
}

}  // namespace aipress
