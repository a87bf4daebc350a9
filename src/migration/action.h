// The smallest part of a migration that is journaled: it is begun, and done or undone.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "migration/journal.h"

namespace aipress::migration {

using Facts = boost::json::object;

// What becomes of the actions before one that cannot be undone.
enum class IfUndoFails {
    GoOn,  // they are undone all the same
    Stop,  // they stay: what serves the site stands on them
};

struct Action {
    std::string name = {};  // "provision/database"
    // What has to be known to carry on or to undo it, read before anything is changed; journaled
    // with the beginning. Empty: nothing.
    std::function<Result<Facts>(Context const&)> look = {};
    // Safe to repeat, whatever an earlier try left. `before`: what look() saw the first time. The
    // answer is journaled with the end.
    std::function<Result<Facts>(Context const&, Facts const& before)> act = {};
    // Safe to repeat, and also when act() had not got far. Empty: there is nothing to undo.
    std::function<Result<void>(Context const&, ActionRecord const& record)> undo = {};
    IfUndoFails if_undo_fails = IfUndoFails::GoOn;
};

enum class Repeat {
    Never,   // what is done is done
    Always,  // an operator asked for it again
};

// Does the action unless it is done. The answer is what act() answered, now or then.
[[nodiscard]] Result<Facts> perform(Context const& context, Journal& journal, Action const& action,
                                    Repeat repeat);
// Undoes the action if any of it was begun.
Result<void> undo(Context const& context, Journal& journal, Action const& action);
// Those of them that were begun, the last first. What fails does not keep the others from being
// undone, but where it says so; the first error is answered.
Result<void> undo_all(Context const& context, Journal& journal, std::vector<Action> actions);

}  // namespace aipress::migration
