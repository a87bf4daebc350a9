// Follows what PHP complains of, revision by revision, and tells Cloud Logging: the log
// run.googleapis.com/stderr, an entry for each line, with the time at which it was read.
#pragma once

#include <optional>

#include "base/clock.h"
#include "sandbox/run/serving.h"
#include "sandbox/telemetry/positions.h"

namespace aipress::sandbox {

// Each line is told of once, as RequestFollower does it. A file past limits::kRunErrorLogBytes is
// emptied when it has been read; what is written just then is lost.
//
// Not thread safe. All that it is given outlives it.
class ErrorFollower {
public:
    ErrorFollower(Store& store, Clock& clock, run::Serving& serving)
        : store_(store), clock_(clock), serving_(serving) {}

    // Tells of all that has been written. What the store does not take is tried again by the next
    // call. Errors: the store's.
    Outcome<Done> follow();

private:
    Outcome<Done> follow(run::ServedRevision const& revision);

    Store& store_;
    Clock& clock_;
    run::Serving& serving_;
    std::optional<Positions> positions_;  // by pool
};

}  // namespace aipress::sandbox
