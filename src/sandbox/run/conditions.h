// Whether a service or a revision is ready, and why not: read off what is stored, the clock and the
// programs that serve, the same for both versions of the API.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::sandbox::run {

// What the views need beside the document.
struct Moment {
    WallTime now = {};
    std::string host_problem = {};  // why nothing is served here; empty: all is well
};

struct Condition {
    enum class State { Reconciling, Succeeded, Failed };

    std::string type;  // "Ready", "RoutesReady", …
    State state = State::Succeeded;
    std::string reason = {};  // v1's: "RevisionFailed"
    std::string message = {};
    std::string time = {};
    bool is_information = false;  // it does not count for Ready
};

// Ready first, then ConfigurationsReady and RoutesReady.
[[nodiscard]] std::vector<Condition> service_conditions(boost::json::object const& service,
                                                        Moment const& moment);
// Ready first. `is_routed`: whether traffic goes to it.
enum class Routing { Routed, Retired };
[[nodiscard]] std::vector<Condition> revision_conditions(boost::json::object const& revision,
                                                         Routing routing, Moment const& moment);

// As v2 and v1 write one.
[[nodiscard]] boost::json::object v2_condition(Condition const& condition);
[[nodiscard]] boost::json::object v1_condition(Condition const& condition);

}  // namespace aipress::sandbox::run
