// One move of one database: the state machine's driver. See docs of each state in state.h, the
// algorithm in ARCHITECTURE.md.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/effects.h"
#include "mover/options.h"
#include "mover/preflight.h"
#include "mover/report.h"

namespace aipress::mover {

// What run() is to reach before it returns.
enum class Goal {
    Carry,     // by the options: to the end (finalized, rolled_back, aborted)
    Switch,    // as Carry, but switch although the options say manual
    Rollback,  // abort before the switch, roll back after it
    Finalize,
};

struct MoveDependencies {
    Clock& clock;
    Probe& probe;
    // Called from the move's thread at least every second while it works. May be empty.
    std::function<void(Report const&)> on_progress = {};
    // Called in the fence, while both sides are closed, before `owner` is made the one that serves;
    // and with the other one when the fence is called off after all. Safe to repeat. May be empty;
    // MoveOptions::on_switch is run as well.
    std::function<Result<void>(Context const&, Side owner)> on_switch = {};
};

// Thread safe where said. One process at a time owns a journal (an advisory lock).
class Move {
public:
    // Opens the journal, or makes it when there is none. Errors: FailedPrecondition for a journal
    // of another move, DataLoss for a corrupted one, Unavailable when another process holds it.
    [[nodiscard]] static Result<std::unique_ptr<Move>> open(std::string const& journal_path,
                                                            MoveOptions options,
                                                            MoveDependencies dependencies);
    virtual ~Move() = default;

    // Runs until the goal, an error, or stop. After an error the state is where the journal says
    // and run() may be called again, also by another process. Serves the control socket meanwhile.
    virtual Result<void> run(std::stop_token stop, Goal goal) = 0;

    // Thread safe.
    [[nodiscard]] virtual Report report() const = 0;
    // The preflight of this run; empty before it.
    [[nodiscard]] virtual PreflightReport const& preflight_report() const = 0;
    // Thread safe. Rollback with a broken reverse stream needs `accept_loss`: the source serves as
    // the stream has left it.
    struct RollbackRequest {
        bool accept_loss = false;
        // Somebody has put other rows there (a backup): nothing is carried to it any more.
        bool source_is_replaced = false;
    };
    virtual void request_rollback(RollbackRequest request) = 0;
    // Thread safe. Asks the thread in run() for it and waits until it is done or refused; the state
    // is reached then. Errors: why it was refused; Unavailable when `stop` came first.
    virtual Result<void> switch_now(std::stop_token stop) = 0;
    virtual Result<void> roll_back_now(std::stop_token stop) = 0;
    virtual Result<void> finalize_now(std::stop_token stop) = 0;
};

// What the journal alone says, without touching a server. Errors: NotFound, DataLoss.
[[nodiscard]] Result<Report> read_journal_report(std::string const& journal_path);

}  // namespace aipress::mover
