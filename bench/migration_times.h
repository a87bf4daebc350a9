// Where the time of a tenant's migration went, by its journal. Pure.
#pragma once

#include <map>
#include <string>

#include "migration/journal.h"

namespace aipress::bench {

struct MigrationTimes {
    double data = 0;     // s: backup and its proof, copies, comparisons
    double waiting = 0;  // s: for caches to forget the record, and the observer's window
    std::map<std::string, double> control = {};  // s of all other actions, by step
    double fence_ms = -1;                        // -1: it was not switched

    [[nodiscard]] double control_seconds() const;
};

// Of actions that were done; their steps' actions come one after the other.
[[nodiscard]] MigrationTimes times_of(migration::JournalContent const& content);

}  // namespace aipress::bench
