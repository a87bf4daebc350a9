// The life of a move, as a pure function: step(state, event) → state. The driver does the I/O.
//
//   preflight ──► schema ──► copying ──► catching_up ──► verifying ──► standby ──► fenced ──►
//   switched
//                                             ▲              │            ▲ │         │          │
//                                             └── restarted ─┴────────────┘ └─ fence undone      │
//                                                                                                ▼
//   rolled_back ◄── fenced (rolling back) ◄────────────────────────────────────────────────
//   reversing
//                                                                                                │
//   aborted: from every state before switched                                  finalized ◄───────┘
#pragma once

#include <optional>

#include "mover/report.h"

namespace aipress::mover {

enum class MoveEvent {
    PreflightPassed,
    SchemaMade,
    Copied,
    CaughtUp,
    Verified,
    FenceBegun,  // of the switch
    FenceUndone,
    OwnerIsTarget,  // behind the compare-and-set
    ReverseStarted,
    RollbackBegun,  // the fence of a rollback
    RollbackUndone,
    OwnerIsSource,  // behind the compare-and-set of a rollback
    FinalizeDone,
    AbortDone,
    Restarted,  // what was verified is known to a process only: catch up and verify again
};

// nullopt: the event cannot happen in that state, which is a bug of the caller.
[[nodiscard]] std::optional<State> step(State state, MoveEvent event);

[[nodiscard]] bool is_terminal(State state);
// May the target have been written to by the tenant?
[[nodiscard]] bool is_switched(State state);

}  // namespace aipress::mover
