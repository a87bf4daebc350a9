// The old home's Cloud Run service during the switch: first a revision that serves from the new
// home, without visitors, then all visitors to it at once, so that who has an old DNS answer sees
// the same site as everybody else.
//
//     plan ─► (journaled) ─► prepare ─► flip(New) ─► flip(Old) ─► forget
//                                                        in any order that makes sense, each again
//
// Nobody but this moves the traffic meanwhile: what somebody else did to it is refused, not
// overwritten.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "gcp/run.h"
#include "routing/site_settings.h"

namespace aipress::routing {

// All that the calls below need to know of before. It holds no secret.
struct TrafficPlan {
    gcp::RunServiceName service = {};
    std::string old_revision = {};   // that has all visitors
    std::string new_revision = {};   // "tenant-001-m1a2b3c4d", of the move: the same each time
    std::string tag = {};            // "m1a2b": the new revision's own address
    boost::json::array before = {};  // the service's `traffic`, to the letter
    SiteSettings settings = {};      // of the new side
};

enum class Side { Old, New };

// Thread safe. The connection outlives it.
class ServiceTraffic {
public:
    explicit ServiceTraffic(gcp::Connection const& connection) : run_(connection) {}

    // Changes nothing. `move`: what tells this move from others, "tenant-001/7". To be journaled
    // before prepare(), which is not told what was before by the service itself. Errors:
    // FailedPrecondition when the service is prepared for this move already, visitors are split,
    // what serves them is not what the service's template says (a new revision of it would be
    // another site), or read_settings()'s.
    [[nodiscard]] Result<TrafficPlan> plan(Context const& context,
                                           gcp::RunServiceName const& service,
                                           std::string const& move,
                                           SiteSettings const& settings) const;

    // Before: the service as planned. After: it has the new revision, ready and reached by its tag
    // only; every visitor is with the old one, by name. In one change, as `gcloud run deploy
    // --no-traffic` does it: no new revision ever has a visitor. Safe to repeat. Returns the new
    // revision's address, "https://m1a2b---tenant-001-….run.app". Errors: FailedPrecondition when
    // it does not become ready (with Google's reason: forget() puts all back), or somebody moved
    // the traffic; AlreadyExists when a revision of that name has other settings; those of
    // write_settings().
    [[nodiscard]] Result<std::string> prepare(Context const& context,
                                              TrafficPlan const& plan) const;

    // Before: prepared. After: Cloud Run says that all visitors are with that side's revision. One
    // conditional change; returns how long it took. Safe to repeat. Flipping to Old what was never
    // prepared does nothing. Errors: FailedPrecondition when it is not prepared, or somebody else
    // moved the traffic; DeadlineExceeded (it may come about still).
    [[nodiscard]] Result<milliseconds> flip(Context const& context, TrafficPlan const& plan,
                                            Side side) const;

    // The undo of prepare(). Before: visitors at Old. After: the template has the old home's
    // settings again, in a revision of its own which is ready, the tag is gone, and the traffic is
    // TrafficPlan::before. In two changes: "the latest revision" must not be the one of the new
    // home when traffic is sent to the latest. The revision stays, without an address. Safe to
    // repeat, and after nothing was prepared. Errors: FailedPrecondition when visitors are at New,
    // or somebody moved the traffic.
    [[nodiscard]] Result<void> forget(Context const& context, TrafficPlan const& plan) const;

private:
    Result<void> restore_template(Context const& context, TrafficPlan const& plan) const;
    Result<void> restore_traffic(Context const& context, TrafficPlan const& plan) const;

    gcp::CloudRun run_;
};

}  // namespace aipress::routing
