// One tenant's way through the drill, and all that is known of it in the end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "poc/tenant.h"
#include "testing/rehearsal/drill/guests.h"
#include "testing/rehearsal/drill/ledger.h"
#include "testing/rehearsal/drill/visit_log.h"

namespace aipress::drill {

enum class Fate {
    Moves,            // ends in the shard
    FailsAndReturns,  // its new home is broken while it is observed: `migrate` rolls back
    ReturnsByHand,    // `tenant rollback`, after new writes
};
[[nodiscard]] std::string_view to_string(Fate fate);

struct Stretch {
    std::string step = {};
    WallTime begun = {};
    WallTime ended = {};
};

// What the program says of it, at the end.
struct Told {
    std::string state = "none";
    std::string reason = {};
    std::int64_t fence_ms = -1;
    std::vector<Stretch> steps = {};
};

struct Writes {
    std::size_t comments = 0;
    std::size_t uploads = 0;
    std::size_t missing_comments = 0;
    std::size_t missing_uploads = 0;
    std::vector<std::string> examples = {};
};

struct Journey {
    poc::Tenant tenant = {};
    Fate fate = Fate::Moves;
    VisitLog visits = {};
    Ledger ledger = {};
    std::unique_ptr<Guests> guests = {};

    SteadyTime began = {};
    SteadyTime ended = {};
    WallTime began_at = {};
    WallTime ended_at = {};
    std::optional<WallTime> broken_at = {};
    unsigned runs = 0;                      // of `migrate`: more than one were carried on
    std::size_t written_before_return = 0;  // on the new side, of ReturnsByHand
    std::string trouble = {};               // what kept it from going its way

    Told told = {};
    Writes writes = {};
    std::vector<std::string> faults = {};
};

}  // namespace aipress::drill
