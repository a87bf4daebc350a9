#include "sandbox/telemetry/telemetry.h"

#include "base/log.h"

namespace aipress::sandbox {
namespace {

// Requests that come together share a commit.
constexpr milliseconds kGatherTime{100};
constexpr std::chrono::minutes kPeriod{1};

WallTime minute_after(WallTime time) {
    return std::chrono::floor<std::chrono::minutes>(time) + kPeriod;
}

}  // namespace

Telemetry::Telemetry(Store& store, Clock& clock, run::Serving& serving, Samplers samplers)
    : store_(store),
      clock_(clock),
      requests_(store, clock, serving),
      errors_(store, clock, serving),
      samplers_(std::move(samplers)),
      folder_(serving.folder()) {}

Result<void> Telemetry::start() {
    watch_ = TRY(FolderWatch::open(folder_));
    next_minute_ = minute_after(clock_.wall_now());
    log_thread_ = std::jthread([this](std::stop_token const& stop) { follow_log(stop); });
    sample_thread_ = std::jthread([this](std::stop_token const& stop) { sample_minutes(stop); });
    return {};
}

void Telemetry::stop() {
    log_thread_.request_stop();
    sample_thread_.request_stop();
    if (watch_) watch_->wake();
    if (log_thread_.joinable()) log_thread_.join();
    if (sample_thread_.joinable()) sample_thread_.join();
}

void Telemetry::measure() {
    follow();
    sample(nanoseconds_of(clock_.wall_now()));
}

void Telemetry::follow() {
    std::lock_guard const lock(following_);
    requests_.follow();
    if (auto told = errors_.follow(); !told.ok()) {
        log::error("Cloud Logging lacks what PHP wrote: {}", told.release_error().message);
    }
}

void Telemetry::follow_log(std::stop_token const& stop) {
    SystemClock real_time;  // nginx runs in it, whatever the sandbox's clock says
    while (!stop.stop_requested()) {
        follow();
        watch_->wait();
        real_time.sleep_for(kGatherTime, stop);
    }
}

void Telemetry::sample(Nanoseconds now) {
    std::lock_guard const lock(sampling_);
    for (auto const& sampler : samplers_) {
        auto written =
            caught<Done>([&] { return append_measurements(store_, sampler->sample(now)); });
        if (written.ok()) continue;
        log::error("Cloud Monitoring lacks a sample: {}", written.release_error().message);
    }
}

void Telemetry::sample_minutes(std::stop_token const& stop) {
    while (true) {
        auto const left = next_minute_ - clock_.wall_now();
        auto const alarm = clock_.call_at(clock_.now() + left, [this] {
            std::lock_guard const lock(mutex_);
            is_due_ = true;
            minute_.notify_all();
        });
        {
            std::unique_lock lock(mutex_);
            if (!minute_.wait(lock, stop, [this] { return is_due_; })) return;
            is_due_ = false;
        }
        next_minute_ = minute_after(clock_.wall_now());
        sample(nanoseconds_of(next_minute_ - kPeriod));
    }
}

}  // namespace aipress::sandbox
