#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sstream>

#include "base/version.h"
#include "cli/argument_values.h"

namespace aipress::cli {
namespace {

constexpr char const* kDescription = "Moves a fleet of live WordPress sites";

// The program's grammar.
struct Grammar {
    Grammar();

    CLI::App app{kDescription, "aipress"};
    DatabaseCommands database{app};
    SandboxCommands sandbox{app};
    InventoryCommand inventory{app};
    TenantCommands tenant{app};
    FleetCommands fleet{app};  // behind `tenant`, whose group it adds to
    StoreCommands store{app};
    std::string shell;
};

Grammar::Grammar() {
    app.get_formatter()->column_width(30);
    app.set_version_flag("--version", fmt::format("aipress {}", version()));
    app.require_subcommand(1);
    app.footer(database_examples());
    auto& completion = *app.add_subcommand("completion", "A completion script for a shell");
    completion.add_option("shell", shell, "bash")->required()->type_name("");
}

Result<Command> read(Grammar const& grammar) {
    auto const* const group = grammar.app.get_subcommands().front();
    if (group->get_name() == "completion") {
        TRY(choice_value("completion", grammar.shell, std::array<std::string_view, 1>{"bash"}));
        return Command(CompletionArguments());
    }
    if (group->get_name() == "inventory") return Command(TRY(grammar.inventory.read()));
    auto const verb = group->get_subcommands().front()->get_name();
    if (FleetCommands::has(group->get_name(), verb)) {
        return Command(TRY(grammar.fleet.read(group->get_name(), verb)));
    }
    if (group->get_name() == "tenant") return Command(TRY(grammar.tenant.read(verb)));
    if (group->get_name() == "store") return Command(TRY(grammar.store.read(verb)));
    if (group->get_name() == "sandbox") return Command(TRY(grammar.sandbox.read(verb)));
    return Command(TRY(grammar.database.read(verb)));
}

// The command that was meant, as far as it can be told, for "… --help".
std::string command_path(CLI::App const& app) {
    std::string path = "aipress";
    for (auto const* part = &app; !part->get_subcommands().empty();) {
        part = part->get_subcommands().front();
        path += " " + part->get_name();
    }
    return path;
}

// A URL typed in a wrong place would be quoted back with its password.
std::string without_urls(std::string message) {
    for (std::string_view const scheme : {"mysql://", "postgres://", "postgresql://"}) {
        for (auto at = message.find(scheme); at != std::string::npos;
             at = message.find(scheme, at + 1)) {
            auto const begin = at + scheme.size();
            message.replace(begin, message.find(' ', begin) - begin, "…");
        }
    }
    return message;
}

// The last command that was recognised.
CLI::App const& innermost(CLI::App const& app) {
    auto const* part = &app;
    while (!part->get_subcommands().empty()) part = part->get_subcommands().front();
    return *part;
}

std::string explain(CLI::ParseError const& failure, CLI::App const& app) {
    auto const unknown = app.remaining(true);
    auto const every = [](CLI::App const*) { return true; };
    bool const lacks_command = !innermost(app).get_subcommands(every).empty();
    // CLI11 says only that a subcommand is required.
    if (lacks_command && !unknown.empty() && !unknown.front().starts_with('-')) {
        return fmt::format("unknown command '{}'", unknown.front());
    }
    return failure.what();
}

// An option whose value is "", as a shell's unset variable leaves it; "" when there is none.
std::string empty_option(CLI::App const& app) {
    for (auto const* const option : innermost(app).get_options()) {
        if (option->count() > 0 && option->results().front().empty()) return option->get_name();
    }
    return "";
}

std::vector<std::string> long_options(CLI::App const& command) {
    std::vector<std::string> options;
    for (auto const* const option : command.get_options()) {
        if (option->get_lnames().empty()) continue;
        options.push_back("--" + option->get_lnames().front());
    }
    return options;
}

EarlyExit usage_error(std::string_view message, std::string const& path) {
    return {2, "", fmt::format("error: {}\nnext: {} --help\n", message, path)};
}

}  // namespace

Command parse_arguments(int argc, char const* const* argv) {
    Grammar grammar;
    auto& app = grammar.app;
    try {
        app.parse(argc, argv);
    } catch (CLI::Success const& asked) {  // --help, --version
        std::ostringstream out;
        app.exit(asked, out, out);
        return EarlyExit{0, out.str(), ""};
    } catch (CLI::ParseError const& failure) {
        return usage_error(without_urls(explain(failure, app)), command_path(app));
    }
    if (auto const option = empty_option(app); !option.empty()) {
        return usage_error(option + ": the value is empty", command_path(app));
    }
    auto command = read(grammar);
    if (command.ok()) {
        auto read = command.release();
        if (auto* const sandbox = std::get_if<SandboxArguments>(&read)) {
            sandbox->words.assign(argv + 1, argv + argc);
        }
        return read;
    }
    return usage_error(command.error().message(), command_path(app));
}

std::vector<CommandWords> command_words() {
    Grammar const grammar;
    std::vector<CommandWords> commands;
    auto const every = [](CLI::App const*) { return true; };
    for (auto const* const group : grammar.app.get_subcommands(every)) {
        if (group->get_name() == "inventory") {
            commands.push_back({group->get_name(), "", long_options(*group)});
        }
        for (auto const* const command : group->get_subcommands(every)) {
            CommandWords words{group->get_name(), command->get_name(), long_options(*command)};
            for (auto const* const action : command->get_subcommands(every)) {
                words.options.push_back(action->get_name());
            }
            commands.push_back(std::move(words));
        }
    }
    return commands;
}

}  // namespace aipress::cli
