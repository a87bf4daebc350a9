// What Cloud Monitoring and Cloud Logging are told of what really happens here:
//
//     nginx's log ─► RequestFollower ─► entries, request_count, request_latencies   as they come
//     PHP's logs  ─► ErrorFollower   ─► entries                                     with them
//     each minute ─► Samplers        ─► instances of Cloud Run, Cloud SQL, buckets
//
// A request's point ends with its minute. A sample is lost when the process is killed between two
// of them; nothing is told of the time in which it did not run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "sandbox/telemetry/error_follower.h"
#include "sandbox/telemetry/folder_watch.h"
#include "sandbox/telemetry/measurements.h"
#include "sandbox/telemetry/request_follower.h"

namespace aipress::sandbox {

// Something that is measured at times. Not thread safe.
class Sampler {
public:
    virtual ~Sampler() = default;
    // As of `now`. What cannot be measured is left out; it keeps nothing else from being measured.
    [[nodiscard]] virtual std::vector<Measurement> sample(Nanoseconds now) = 0;
};
using Samplers = std::vector<std::unique_ptr<Sampler>>;

// Thread safe. All that it is given outlives it.
class Telemetry {
public:
    Telemetry(Store& store, Clock& clock, run::Serving& serving, Samplers samplers);
    Telemetry(Telemetry const&) = delete;
    Telemetry& operator=(Telemetry const&) = delete;
    ~Telemetry() { stop(); }

    // Errors: Unavailable when the log of requests cannot be watched.
    Result<void> start();
    void stop();
    // What has been logged, and a sample as of now, are in the store when this returns.
    void measure();

private:
    void follow();
    void follow_log(std::stop_token const& stop);
    void sample(Nanoseconds now);
    void sample_minutes(std::stop_token const& stop);

    Store& store_;
    Clock& clock_;
    std::mutex following_;
    RequestFollower requests_;
    ErrorFollower errors_;
    std::mutex sampling_;
    Samplers const samplers_;

    std::unique_ptr<FolderWatch> watch_;
    std::filesystem::path const folder_;
    WallTime next_minute_ = {};
    std::mutex mutex_;  // of what follows
    std::condition_variable_any minute_;
    bool is_due_ = false;
    std::jthread log_thread_;
    std::jthread sample_thread_;
};

}  // namespace aipress::sandbox
