// What was typed, read and checked before anything is touched. CLI11 is included here and by the
// groups of commands (*_arguments.cc) alone.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/database_arguments.h"
#include "cli/fleet_arguments.h"
#include "cli/inventory_arguments.h"
#include "cli/sandbox_arguments.h"
#include "cli/store_arguments.h"
#include "cli/tenant_arguments.h"

namespace aipress::cli {

// `completion`: a script for the shell.
struct CompletionArguments {};

// --help, --version, or why it cannot be done.
struct EarlyExit {
    int code = 0;
    std::string output;  // for stdout
    std::string error;   // for stderr
};

using Command =
    std::variant<DatabaseArguments, SandboxArguments, InventoryArguments, TenantArguments,
                 FleetArguments, StoreArguments, CompletionArguments, EarlyExit>;

// Passwords that are not in the URLs are taken from AIPRESS_SOURCE_PASSWORD and
// AIPRESS_TARGET_PASSWORD.
[[nodiscard]] Command parse_arguments(int argc, char const* const* argv);

// The commands of each group and their options: "database", "move", {"--source", …}. A command
// without a group has its name there: "inventory", "", {"--project", …}.
struct CommandWords {
    std::string group;
    std::string name;
    std::vector<std::string> options;
};
[[nodiscard]] std::vector<CommandWords> command_words();

}  // namespace aipress::cli
