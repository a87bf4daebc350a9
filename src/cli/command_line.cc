#include "cli/command_line.h"

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace aipress::cli {
namespace {

int dispatch(Arguments const& arguments, Environment& environment) {
    switch (arguments.verb) {
        case Verb::Move:
            return arguments.dry_run ? run_dry_run(arguments, environment)
                                     : run_move(arguments, environment, mover::Goal::Carry);
        case Verb::Status:
            return run_status(arguments, environment);
        case Verb::Pause:
        case Verb::Resume:
        case Verb::Switch:
        case Verb::Rollback:
        case Verb::Finalize:
            return run_control(arguments, environment);
        case Verb::Preflight:
            return run_preflight(arguments, environment);
        case Verb::Verify:
            return run_verify(arguments, environment);
        case Verb::Completion:
            print_data(bash_completion());
            return 0;
    }
    return 2;
}

}  // namespace

int run(int argc, char const* const* argv, Environment environment) {
    auto const parsed = parse_arguments(argc, argv);
    if (auto const* const exit = std::get_if<EarlyExit>(&parsed)) {
        print_data(exit->output);
        fmt::print(stderr, "{}", exit->error);
        return exit->code;
    }
    return dispatch(std::get<Arguments>(parsed), environment);
}

}  // namespace aipress::cli
