#include "mover/state.h"

namespace aipress::mover {
namespace {

std::optional<State> when(bool holds, State next) {
    return holds ? std::optional(next) : std::nullopt;
}

}  // namespace

bool is_terminal(State state) {
    return state == State::Finalized || state == State::Aborted || state == State::RolledBack;
}

bool is_switched(State state) {
    return state == State::Switched || state == State::Reversing || state == State::Finalized;
}

std::optional<State> step(State state, MoveEvent event) {
    switch (event) {
        case MoveEvent::PreflightPassed:
            return when(state == State::Preflight, State::Schema);
        case MoveEvent::SchemaMade:
            return when(state == State::Schema, State::Copying);
        case MoveEvent::Copied:
            return when(state == State::Copying, State::CatchingUp);
        case MoveEvent::CaughtUp:
            return when(state == State::CatchingUp, State::Verifying);
        case MoveEvent::Verified:
            return when(state == State::Verifying, State::Standby);
        case MoveEvent::FenceBegun:
            return when(state == State::Standby, State::Fenced);
        case MoveEvent::FenceUndone:
            return when(state == State::Fenced, State::Standby);
        case MoveEvent::OwnerIsTarget:
            return when(state == State::Fenced, State::Switched);
        case MoveEvent::ReverseStarted:
            return when(state == State::Switched, State::Reversing);
        case MoveEvent::RollbackBegun:
            return when(state == State::Reversing, State::Fenced);
        case MoveEvent::RollbackUndone:
            return when(state == State::Fenced, State::Reversing);
        case MoveEvent::OwnerIsSource:
            return when(state == State::Fenced, State::RolledBack);
        case MoveEvent::FinalizeDone:
            return when(state == State::Switched || state == State::Reversing, State::Finalized);
        case MoveEvent::AbortDone:
            return when(!is_terminal(state) && !is_switched(state), State::Aborted);
        case MoveEvent::Restarted:
            return when(state == State::CatchingUp || state == State::Verifying ||
                            state == State::Standby || state == State::Fenced,
                        State::CatchingUp);
    }
    return std::nullopt;
}

}  // namespace aipress::mover
