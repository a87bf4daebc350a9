// Follows the log of the requests that Cloud Run's services are asked, and tells Cloud Logging and
// Cloud Monitoring of them.
#pragma once

#include <optional>

#include "base/clock.h"
#include "sandbox/run/serving.h"
#include "sandbox/store.h"

namespace aipress::sandbox {

// How far the log has been read is in the store, written together with what was read: each of its
// lines is told of once, whenever the process dies. What nginx has not written down is not known:
// requests in flight when it is killed.
//
// Not thread safe. All that it is given outlives it.
class RequestFollower {
public:
    RequestFollower(Store& store, Clock& clock, run::Serving& serving)
        : store_(store), clock_(clock), serving_(serving) {}

    // Tells of all requests that have been logged. Those that the store does not take are tried
    // again by the next call.
    void follow();

private:
    Outcome<Done> load();
    Outcome<Done> save(run::ServedRequests const& taken);
    void report(ApiError const& error);

    Store& store_;
    Clock& clock_;
    run::Serving& serving_;
    std::optional<run::RequestPosition> position_;
    bool is_failing_ = false;
};

}  // namespace aipress::sandbox
