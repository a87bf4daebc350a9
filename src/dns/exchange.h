// One message to a server, one back: by UDP or by TCP.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace aipress::dns {

struct ServerAddress {
    std::string host = {};  // an IPv4 or IPv6 address
    std::uint16_t port = 53;

    bool operator==(ServerAddress const&) const = default;
};

// "192.0.2.1:53", "[2001:db8::1]:53"; without a port 53. Errors: InvalidArgument.
[[nodiscard]] Result<ServerAddress> parse_server(std::string_view text);
[[nodiscard]] std::string to_string(ServerAddress const& server);

// Which message is taken for an answer; by UDP others are passed over.
using Accept = std::function<bool(std::string_view message)>;

// Both end with the context, and notice its stop at once. Errors: Unavailable when nothing
// acceptable came, or no connection was made; Cancelled; InvalidArgument for the address.
[[nodiscard]] Result<std::string> exchange_udp(Context const& context, ServerAddress const& server,
                                               std::string_view message, Accept const& accept);
[[nodiscard]] Result<std::string> exchange_tcp(Context const& context, ServerAddress const& server,
                                               std::string_view message, Accept const& accept);

}  // namespace aipress::dns
