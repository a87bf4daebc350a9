// What carries a request to a server and its answer back: the network, or a script in a test.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/context.h"
#include "http/client.h"

namespace aipress::gcp {

// Thread safe.
class Transport {
public:
    struct Reply {
        Result<http::ClientResponse> response;
        bool was_sent = true;  // false: the server certainly saw nothing of it
    };
    virtual ~Transport() = default;
    // One attempt. Errors: as http::Client::send.
    [[nodiscard]] virtual Reply send(Context const& context,
                                     http::ClientRequest const& request) = 0;
};

// Over kept connections, as many at a time as there are callers.
class HttpTransport final : public Transport {
public:
    [[nodiscard]] Reply send(Context const& context, http::ClientRequest const& request) override;

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<http::Client>> idle_;
};

}  // namespace aipress::gcp
