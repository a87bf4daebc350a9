#include "inventory/workers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "inventory/limits.h"

namespace aipress::inventory {

gcp::Outcome<gcp::Done> for_each_index(
    Context const& context, std::size_t count,
    std::function<gcp::Outcome<gcp::Done>(Context const&, std::size_t)> const& work) {
    std::stop_source stop;
    std::stop_callback const from_outside(context.stop(), [&] { stop.request_stop(); });
    auto const during = context.stopped_by(stop.get_token());
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<gcp::ApiError> first_error;
    auto const run = [&] {
        while (!during.stopped()) {
            auto const index = next++;
            if (index >= count) return;
            auto outcome = work(during, index);
            if (outcome.ok()) continue;
            std::lock_guard const lock(mutex);
            // The others are called off then: theirs are not the reason.
            if (!first_error) first_error = outcome.release_error();
            stop.request_stop();
        }
    };
    {
        std::vector<std::jthread> threads;
        auto const wanted = std::min<std::size_t>(count, limits::kWorkers);
        for (std::size_t i = 0; i < wanted; ++i) threads.emplace_back(run);
    }
    if (first_error) return *first_error;
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    return gcp::Done();
}

}  // namespace aipress::inventory
