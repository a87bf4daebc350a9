#include "mover/report.h"

namespace aipress::mover {

std::string_view to_string(State state) {
    switch (state) {
        case State::Preflight:
            return "preflight";
        case State::Schema:
            return "schema";
        case State::Copying:
            return "copying";
        case State::CatchingUp:
            return "catching_up";
        case State::Verifying:
            return "verifying";
        case State::Standby:
            return "standby";
        case State::Fenced:
            return "fenced";
        case State::Switched:
            return "switched";
        case State::Reversing:
            return "reversing";
        case State::Finalized:
            return "finalized";
        case State::Aborted:
            return "aborted";
        case State::RolledBack:
            return "rolled_back";
    }
    return "unknown";
}

}  // namespace aipress::mover
