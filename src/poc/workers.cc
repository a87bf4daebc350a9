#include "poc/workers.h"

#include <algorithm>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/workers.h"

namespace aipress::poc {

Result<void> for_each_of(Context const& context, Ports ports, unsigned count, unsigned workers,
                         std::uint64_t& requests,
                         std::function<Result<void>(Google&, unsigned)> const& work) {
    std::stop_source off;
    std::stop_callback const pass_on(context.stop(), [&] { off.request_stop(); });
    std::vector<std::unique_ptr<Google>> clients(std::max(workers, 1u));
    Workers<unsigned, Result<void>> all(
        workers,
        [&](unsigned worker, unsigned& index) {
            auto& client = clients[worker];
            if (!client) {
                client = std::make_unique<Google>(context.stopped_by(off.get_token()), ports);
            }
            return work(*client, index);
        },
        off);
    for (unsigned i = 0; i < count && !off.stop_requested() && all.add(i); ++i) {
    }
    auto failure = all.finish();
    for (auto const& client : clients) {
        if (client) requests += client->requests();
    }
    if (failure) return std::move(*failure);
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    return {};
}

}  // namespace aipress::poc
