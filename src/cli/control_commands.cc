#include <fmt/format.h>
#include <optional>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/shell_text.h"
#include "json/fields.h"
#include "mover/control.h"
#include "mover/report_json.h"

namespace aipress::cli {
namespace {

using mover::Report;

constexpr milliseconds kStatusTimeout{10'000};

std::string socket_of(DatabaseArguments const& arguments) {
    return arguments.journal + ".sock";
}

Result<Report> report_of_answer(boost::json::object const& answer) {
    auto const* report = answer.if_contains("report");
    if (report == nullptr || !report->is_object()) {
        return Error(ErrorCode::Internal, "the running move's answer has no report");
    }
    return mover::report_from_json(report->get_object()).in_context("the running move's answer");
}

// nullopt when no process works on the journal.
Result<std::optional<Report>> ask_running(DatabaseArguments const& arguments,
                                          Environment& environment) {
    Context const context(environment.clock, Deadline::after(environment.clock, kStatusTimeout),
                          environment.stop);
    auto answer = mover::control_call(context, socket_of(arguments), {{"verb", "status"}});
    if (!answer.ok() && answer.error().code() == ErrorCode::NotFound) {
        return std::optional<Report>();
    }
    return std::optional<Report>(TRY(report_of_answer(TRY(std::move(answer)))));
}

int fail(Error const& error, std::string_view next = "") {
    print_failure(error.message(), next);
    return exit_code(error);
}

mover::Goal goal_of(Verb verb) {
    switch (verb) {
        case Verb::Switch:
            return mover::Goal::Switch;
        case Verb::Rollback:
            return mover::Goal::Rollback;
        case Verb::Finalize:
            return mover::Goal::Finalize;
        default:
            return mover::Goal::Carry;
    }
}

// What must be typed out for this verb is checked before anything is asked of the move.
Result<void> check_names(DatabaseArguments const& arguments, Report const& report) {
    if (arguments.verb == Verb::Finalize) {
        TRY(check_typed_name("--confirm", arguments.confirmed_database, report));
    }
    if (!arguments.accepted_loss.empty()) {
        TRY(check_typed_name("--accept-loss", arguments.accepted_loss, report));
    }
    return {};
}

boost::json::object request_of(DatabaseArguments const& arguments) {
    boost::json::object request{{"verb", to_string(arguments.verb)}};
    if (arguments.verb == Verb::Rollback) {
        request["accept_loss"] = !arguments.accepted_loss.empty();
    }
    if (arguments.verb == Verb::Finalize) request["confirm"] = arguments.confirmed_database;
    return request;
}

int send_to_running(DatabaseArguments const& arguments, Environment& environment) {
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const answer = mover::control_call(context, socket_of(arguments), request_of(arguments));
    if (!answer.ok()) {
        bool const can_see = answer.error().code() == ErrorCode::FailedPrecondition;
        return fail(
            answer.error(),
            can_see ? "aipress database status --journal " + shell_quoted(arguments.journal) : "");
    }
    auto const report = report_of_answer(answer.value());
    if (!report.ok()) return fail(report.error());
    print_data(render_report(report.value(), Running::NotSaid, arguments.format));
    return 0;
}

int take_over(DatabaseArguments const& arguments, Environment& environment, Report const& report) {
    if (arguments.verb == Verb::Pause) {
        return fail({ErrorCode::FailedPrecondition,
                     "no move is running on this journal: there is nothing to pause"},
                    command_text(Verb::Resume, arguments, report));
    }
    if (!arguments.source) {
        return fail({ErrorCode::FailedPrecondition,
                     "no move is running on this journal, and it holds no passwords: give --source "
                     "and --target to carry it on here"},
                    command_text(arguments.verb, arguments, report));
    }
    return run_move(arguments, environment, goal_of(arguments.verb));
}

}  // namespace

int run_status(DatabaseArguments const& arguments, Environment& environment) {
    auto const running = ask_running(arguments, environment);
    if (!running.ok()) return fail(running.error());
    if (running.value()) {
        print_data(render_report(*running.value(), Running::Yes, arguments.format));
        return 0;
    }
    auto const journaled = mover::read_journal_report(arguments.journal);
    if (!journaled.ok()) return fail(journaled.error());
    print_data(render_report(journaled.value(), Running::No, arguments.format));
    return 0;
}

int run_control(DatabaseArguments const& arguments, Environment& environment) {
    auto const running = ask_running(arguments, environment);
    if (!running.ok()) return fail(running.error());
    auto const report = running.value() ? Result<Report>(*running.value())
                                        : mover::read_journal_report(arguments.journal);
    if (!report.ok()) return fail(report.error());
    auto const names = check_names(arguments, report.value());
    if (!names.ok()) return fail(names.error());
    return running.value() ? send_to_running(arguments, environment)
                           : take_over(arguments, environment, report.value());
}

}  // namespace aipress::cli
