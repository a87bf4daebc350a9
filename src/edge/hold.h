// A tenant's requests, kept waiting at the edge while its site is switched
// (deploy/haproxy/hold.lua):
//
//     hold → wait_until_quiet → … the fence, the switch, RouteMap::apply() … → release
//
// A hold ends by itself when its time is over: whoever set it may have died. How many requests wait
// and for how long each is bounded by HAProxy's environment (deploy/haproxy/README.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "edge/haproxy_runtime.h"

namespace aipress::edge {

struct HoldAddress {
    std::string socket = {};              // as HaproxyRuntime::connect() takes it
    std::string map = {};                 // as haproxy.cfg names it: ".../held.map"
    std::string in_flight = "in_flight";  // the stick table that counts
};

// Thread safe. Errors of all calls: those of HaproxyRuntime, and InvalidArgument for a tenant's
// name that cannot stand in a map. All are safe to repeat.
class Holds {
public:
    explicit Holds(HoldAddress address) : address_(std::move(address)) {}

    // Requests of the tenant that come from now on wait, those under way go on; for so long from
    // now at most. Held already: the time begins anew.
    Result<void> hold(Context const& context, std::string const& tenant, milliseconds time);
    // Those that wait go on, to where the routes point now. Not held: no error.
    Result<void> release(Context const& context, std::string const& tenant);
    // Whose time is not over.
    [[nodiscard]] Result<std::vector<std::string>> held(Context const& context);
    // Requests of the tenant that wait; one that hung up counts for two seconds more.
    [[nodiscard]] Result<std::uint64_t> waiting(Context const& context, std::string const& tenant);
    // Requests of the tenant that are with its site; those that wait do not count.
    [[nodiscard]] Result<std::uint64_t> in_flight(Context const& context,
                                                  std::string const& tenant);
    // Until there is none: websockets and long uploads too, so give it a deadline. Errors:
    // DeadlineExceeded names how many are left.
    Result<void> wait_until_quiet(Context const& context, std::string const& tenant);

private:
    HoldAddress address_;
};

// Of `show table NAME key KEY`: conn_cur, 0 when the key is not there. Pure. Errors: Internal;
// NotFound when there is no such table.
[[nodiscard]] Result<std::uint64_t> parse_in_flight(std::string_view text);

// Of `show held`: the tenant's number, 0 when it is not there. Pure. Errors: Internal.
[[nodiscard]] Result<std::uint64_t> parse_waiting(std::string_view text, std::string_view tenant);

}  // namespace aipress::edge
