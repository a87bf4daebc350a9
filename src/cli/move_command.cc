#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/shell_text.h"
#include "mover/move.h"

namespace aipress::cli {
namespace {

// What the operator can do about it.
std::string next_step(Error const& error, DatabaseArguments const& arguments,
                      mover::Report const& report) {
    if (error.code() == ErrorCode::InvalidArgument) return "";
    bool const is_over = report.state == mover::State::Aborted ||
                         report.state == mover::State::RolledBack ||
                         report.state == mover::State::Finalized;
    if (is_over) {
        return fmt::format("this journal is done ({}); a new move needs a new --journal",
                           to_string(report.state));
    }
    auto const again = command_text(Verb::Move, arguments);
    if (!report.refused.empty()) return "mend what was refused, then: " + again;
    return again;
}

void print_stopped(DatabaseArguments const& arguments, mover::Report const& report) {
    print_failure(
        fmt::format("stopped in state {}; the {} serves, the journal knows how far it got",
                    to_string(report.state), report.owner),
        command_text(Verb::Move, arguments));
}

int print_opening_failure(Error const& error, DatabaseArguments const& arguments) {
    bool const is_held = error.code() == ErrorCode::Unavailable;
    print_failure(
        error.message(),
        is_held ? "aipress database status --journal " + shell_quoted(arguments.journal) : "");
    return exit_code(error);
}

}  // namespace

int run_move(DatabaseArguments const& arguments, Environment& environment, mover::Goal goal) {
    ProgressDisplay progress(environment.clock,
                             arguments.quiet ? ProgressStyle::None : style_of_stderr(),
                             write_to_stderr, width_of_stderr);
    auto opened =
        mover::Move::open(arguments.journal, arguments.options,
                          {environment.clock, environment.probe,
                           [&progress](mover::Report const& report) { progress.update(report); }});
    if (!opened.ok()) return print_opening_failure(opened.error(), arguments);
    auto& move = *opened.value();

    if (!arguments.accepted_loss.empty()) {
        auto const named =
            check_typed_name("--accept-loss", arguments.accepted_loss, move.report());
        if (!named.ok()) return print_opening_failure(named.error(), arguments);
        move.request_rollback({.accept_loss = true});
    }
    auto const result = move.run(environment.stop, goal);
    auto const report = move.report();
    progress.update(report);
    progress.finish();
    print_data(render_report(report, Running::NotSaid, arguments.format));
    if (result.ok()) return 0;
    if (result.error().code() == ErrorCode::Cancelled) {
        print_stopped(arguments, report);
        return 1;
    }
    print_failure(result.error().message(), next_step(result.error(), arguments, report));
    return exit_code(result.error());
}

}  // namespace aipress::cli
