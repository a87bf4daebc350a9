// One router's routes, kept as the control plane has them.
//
// The version travels in the map itself, under a key that no visitor can ask for: what a router
// says of its version is true of its routes, also behind a kill of either side.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "edge/haproxy_runtime.h"
#include "edge/route.h"

namespace aipress::edge {

// No host name begins with a colon.
inline constexpr std::string_view kVersionKey = ":version";

// The router has this version: what the store is told.
struct Acknowledgement {
    enum class Means {
        Nothing,      // it had it already
        Commands,     // entry by entry, the version last
        Transaction,  // the whole map at once
    };
    std::uint64_t version = 0;
    std::size_t routes = 0;
    std::size_t changes = 0;
    Means means = Means::Nothing;
    ProcessIdentity process = {};
};

struct RouterAddress {
    std::string socket = {};  // as HaproxyRuntime::connect() takes it
    std::string map = {};     // as haproxy.cfg names it: ".../routes.map"
};

// Not thread safe. One object a router; another process may write to the same router: the highest
// version wins.
class RouteMap {
public:
    explicit RouteMap(RouterAddress address) : address_(std::move(address)) {}

    // The router has exactly `wanted` when this returns, whatever it had and whenever it was
    // restarted. One host alone is changed by a command, and up to kMostCommands of a map that is
    // large; more of them in one instant. Safe to repeat. Errors: those of HaproxyRuntime;
    // FailedPrecondition when the router has a later version (this one is old news).
    [[nodiscard]] Result<Acknowledgement> apply(Context const& context, RouteTable const& wanted);
    // What it has, asked anew. Entries that are no route of ours are left out, and go with the next
    // apply(). Errors: those of HaproxyRuntime.
    [[nodiscard]] Result<RouteTable> read(Context const& context);

private:
    struct Known {
        ProcessIdentity process;
        RouteTable table;
        bool is_clean = true;  // nothing twice, nothing that is no route
    };
    Result<void> look(Context const& context, HaproxyRuntime& runtime);
    Result<void> change(Context const& context, HaproxyRuntime& runtime, Difference const& changes,
                        std::uint64_t version);

    RouterAddress address_;
    std::optional<Known> known_;  // nullopt: to be asked
};

// The map's file, from which HAProxy begins when it starts with nobody there to feed it; an earlier
// one is replaced in one instant. Errors: Unavailable.
Result<void> write_map_file(std::filesystem::path const& file, RouteTable const& table);

}  // namespace aipress::edge
