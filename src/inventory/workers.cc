#include "inventory/workers.h"

#include <stop_token>

#include "base/workers.h"
#include "inventory/limits.h"

namespace aipress::inventory {

gcp::Outcome<gcp::Done> for_each_index(
    Context const& context, std::size_t count,
    std::function<gcp::Outcome<gcp::Done>(Context const&, std::size_t)> const& work) {
    // After a failure the others are called off: theirs are not the reason.
    std::stop_source stop;
    std::stop_callback const from_outside(context.stop(), [&] { stop.request_stop(); });
    auto const during = context.stopped_by(stop.get_token());
    Workers<std::size_t, gcp::Outcome<gcp::Done>> workers(
        limits::kWorkers, [&](unsigned, std::size_t& index) { return work(during, index); }, stop);
    for (std::size_t i = 0; i < count && !during.stopped() && workers.add(i); ++i) {
    }
    if (auto failure = workers.finish()) return std::move(*failure);
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    return gcp::Done();
}

}  // namespace aipress::inventory
