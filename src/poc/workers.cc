#include "poc/workers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace aipress::poc {

Result<void> for_each_of(Context const& context, Ports ports, unsigned count, unsigned workers,
                         std::uint64_t& requests,
                         std::function<Result<void>(Google&, unsigned)> const& work) {
    std::stop_source off;
    std::stop_callback const pass_on(context.stop(), [&] { off.request_stop(); });
    std::atomic<unsigned> next = 0;
    std::mutex mutex;
    std::optional<Error> first;
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < std::min(workers, count); ++i) {
            threads.emplace_back([&] {
                Google google(context.stopped_by(off.get_token()), ports);
                while (!off.stop_requested()) {
                    auto const index = next++;
                    if (index >= count) break;
                    auto done = work(google, index);
                    if (done.ok()) continue;
                    std::lock_guard const lock(mutex);
                    if (!first) first = done.release_error();
                    off.request_stop();
                }
                std::lock_guard const lock(mutex);
                requests += google.requests();
            });
        }
    }
    if (first) return std::move(*first);
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    return {};
}

}  // namespace aipress::poc
