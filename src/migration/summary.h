// How far a migration is, from its journal alone.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "migration/journal.h"
#include "migration/step.h"

namespace aipress::migration {

enum class StepState { Pending, Begun, Done, Failed, Undone };
[[nodiscard]] std::string_view to_string(StepState state);

struct StepSummary {
    Step step = Step::Backup;
    StepState state = StepState::Pending;
    WallTime begun_at = {};    // of its first entry
    WallTime ended_at = {};    // of its last one
    std::string problem = {};  // of Failed
};

struct Summary {
    std::string tenant = {};
    std::string migration = {};
    State state = State::Running;
    std::string reason = {};
    bool is_switched = false;  // the new home serves
    std::vector<StepSummary> steps = {};
    std::string problem = {};  // why it stands where it stands; "": nothing is wrong
    std::string next = {};     // the command; "": nothing is to be done
    std::int64_t fence_ms = -1;
};

[[nodiscard]] Summary summarize(JournalContent const& content);
[[nodiscard]] boost::json::object to_json(Summary const& summary);
// "2026-11-30T16:30:00Z"
[[nodiscard]] std::string timestamp(WallTime time);

}  // namespace aipress::migration
