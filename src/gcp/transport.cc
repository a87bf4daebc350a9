#include "gcp/transport.h"

#include <utility>

#include "gcp/limits.h"

namespace aipress::gcp {

Transport::Reply HttpTransport::send(Context const& context, http::ClientRequest const& request) {
    std::unique_ptr<http::Client> client;
    {
        std::lock_guard const lock(mutex_);
        if (!idle_.empty()) {
            client = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!client) client = std::make_unique<http::Client>();
    auto response = client->send(context, request);
    bool const was_sent = client->was_sent();
    std::lock_guard const lock(mutex_);
    if (idle_.size() < limits::kIdleConnections) idle_.push_back(std::move(client));
    return {.response = std::move(response), .was_sent = was_sent};
}

}  // namespace aipress::gcp
