#include "cli/command_line.h"

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/shell_text.h"

namespace aipress::cli {
namespace {

int dispatch(DatabaseArguments const& arguments, Environment& environment) {
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
    }
    return 2;
}

}  // namespace

int run(int argc, char const* const* argv, Environment environment) {
    auto const command = parse_arguments(argc, argv);
    if (auto const* const exit = std::get_if<EarlyExit>(&command)) {
        print_data(exit->output);
        fmt::print(stderr, "{}", exit->error);
        return exit->code;
    }
    if (auto const* const database = std::get_if<DatabaseArguments>(&command)) {
        return dispatch(*database, environment);
    }
    if (auto const* const sandbox = std::get_if<SandboxArguments>(&command)) {
        return run_sandbox(*sandbox, environment);
    }
    if (auto const* const inventory = std::get_if<InventoryArguments>(&command)) {
        return run_inventory(*inventory, environment);
    }
    if (auto const* const tenant = std::get_if<TenantArguments>(&command)) {
        return run_tenant(*tenant, environment);
    }
    if (auto const* const fleet = std::get_if<FleetArguments>(&command)) {
        return run_fleet(*fleet, environment);
    }
    if (auto const* const store = std::get_if<StoreArguments>(&command)) {
        return run_store(*store, environment);
    }
    print_data(bash_completion());
    return 0;
}

}  // namespace aipress::cli
