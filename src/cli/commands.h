// The commands, one function each; the value is the exit code.
#pragma once

#include "cli/arguments.h"
#include "cli/command_line.h"
#include "mover/move.h"

namespace aipress::cli {

// move, and the verbs that take over a move that no process works on: opens the journal, runs to
// the goal in the foreground, prints the report.
[[nodiscard]] int run_move(DatabaseArguments const& arguments, Environment& environment,
                           mover::Goal goal);
// move --dry-run
[[nodiscard]] int run_dry_run(DatabaseArguments const& arguments, Environment& environment);
[[nodiscard]] int run_preflight(DatabaseArguments const& arguments, Environment& environment);
[[nodiscard]] int run_verify(DatabaseArguments const& arguments, Environment& environment);
[[nodiscard]] int run_status(DatabaseArguments const& arguments, Environment& environment);
// pause, resume, switch, rollback, finalize
[[nodiscard]] int run_control(DatabaseArguments const& arguments, Environment& environment);

[[nodiscard]] int run_sandbox(SandboxArguments const& arguments, Environment& environment);
[[nodiscard]] int run_snapshot(SandboxArguments const& arguments, Environment& environment);
[[nodiscard]] int run_seed_poc(SandboxArguments const& arguments, Environment& environment);
[[nodiscard]] int run_seed_shard(SandboxArguments const& arguments, Environment& environment);

[[nodiscard]] int run_tenant(TenantArguments const& arguments, Environment& environment);

[[nodiscard]] int run_fleet(FleetArguments const& arguments, Environment& environment);
[[nodiscard]] int run_store(StoreArguments const& arguments, Environment& environment);

[[nodiscard]] int run_inventory(InventoryArguments const& arguments, Environment& environment);

// "aipress database VERB --journal FILE [the move's options]".
[[nodiscard]] std::string command_text(Verb verb, DatabaseArguments const& arguments);
// The same for a move of which only the report is known.
[[nodiscard]] std::string command_text(Verb verb, DatabaseArguments const& arguments,
                                       mover::Report const& report);
// The database's name in Endpoint::display().
[[nodiscard]] std::string database_of(std::string_view display);

// The name that was typed to confirm what cannot be undone. Errors: InvalidArgument.
Result<void> check_typed_name(std::string_view option, std::string_view typed,
                              mover::Report const& report);

}  // namespace aipress::cli
