#include "cli/database_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/assert.h"
#include "cli/shared_arguments.h"
#include "cli/shell_text.h"
#include "mover/limits.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct DatabaseTexts {
    std::string source;
    std::string target;
    std::string journal;
    std::string accounts;
    std::string fence_budget;
    std::string workers;
    std::string max_source_load;
    std::string max_lag;
    std::string switch_when;
    std::string on_switch;
    std::string reverse;
    std::string retry_for;
    std::string format;
    std::string confirm;
    std::string accept_loss;
    bool dry_run = false;
    bool quiet = false;
};

namespace {

using Texts = DatabaseTexts;

constexpr char const* kExamples =
    R"(A URL is mysql://user:password@host:port/database[?tls=required&ca=FILE].
The password may also come from ?password-file=FILE, ?password-env=NAME, or the
environment: AIPRESS_SOURCE_PASSWORD and AIPRESS_TARGET_PASSWORD.

A move, from start to end:
  aipress database preflight --source URL --target URL
  aipress database move      --source URL --target URL --journal wp.journal
  aipress database status    --journal wp.journal
  aipress database rollback  --journal wp.journal      back to the source, or
  aipress database finalize  --journal wp.journal --confirm wp

Exit codes: 0 done, 1 failed, 2 wrong usage.)";

constexpr unsigned kMostSourceLoad = 100'000;
constexpr std::array<std::string_view, 3> kSwitchChoices{"now", "when-ready", "manual"};
constexpr std::array<std::string_view, 2> kReverseChoices{"keep", "none"};
constexpr char const* kSourcePassword = "AIPRESS_SOURCE_PASSWORD";
constexpr char const* kTargetPassword = "AIPRESS_TARGET_PASSWORD";

// An option of a move: how it is named, shown, and where its text goes.
struct MoveOption {
    char const* name;
    char const* value;
    std::string Texts::* text;
    char const* description;
};

constexpr std::array<MoveOption, 11> kMoveOptions{{
    {"--source", "URL", &Texts::source, "Where the database is now"},
    {"--target", "URL", &Texts::target, "Where it goes"},
    {"--accounts", "LIST", &Texts::accounts,
     "Accounts to shut out while switching, such as wp@%,cron@10.0.0.5; default: every account "
     "with a grant on the database and none on all"},
    {"--fence-budget", "TIME", &Texts::fence_budget,
     "How long writes may be held; past it all is undone (default 15s)"},
    {"--workers", "N", &Texts::workers, "Tables and ranges copied at once (default 4)"},
    {"--max-source-load", "N", &Texts::max_source_load,
     "Rest the copy while the source runs more threads than this (default 0: no limit)"},
    {"--max-lag", "TIME", &Texts::max_lag,
     "Rest the copy while the target is further behind than this (default 30s)"},
    {"--switch", "WHEN", &Texts::switch_when,
     "now: once verified; when-ready: and nearly no lag (default); manual: on 'database switch'"},
    {"--on-switch", "COMMAND", &Texts::on_switch,
     "Shell command run while both sides are closed, before the target opens"},
    {"--reverse", "MODE", &Texts::reverse,
     "keep: bring changes back to the source until finalize or rollback (default); none: no way "
     "back"},
    {"--retry-for", "TIME", &Texts::retry_for,
     "How long a lost connection is tried again before giving up (default 60s)"},
}};

enum class Endpoints { Required, Optional };
enum class Journal { Required, Optional };

void add_endpoints(CLI::App& command, Texts& texts, Endpoints endpoints) {
    for (std::size_t i = 0; i < 2; ++i) {
        auto const& option = kMoveOptions[i];
        command.add_option(option.name, texts.*option.text, wrapped(option.description))
            ->type_name(option.value)
            ->required(endpoints == Endpoints::Required);
    }
}

void add_move_options(CLI::App& command, Texts& texts, Endpoints endpoints) {
    add_endpoints(command, texts, endpoints);
    for (std::size_t i = 2; i < kMoveOptions.size(); ++i) {
        auto const& option = kMoveOptions[i];
        command.add_option(option.name, texts.*option.text, wrapped(option.description))
            ->type_name(option.value);
    }
}

void add_journal(CLI::App& command, Texts& texts, Journal journal) {
    command.add_option("--journal", texts.journal, "The move's journal: a file of your choice")
        ->type_name("FILE")
        ->required(journal == Journal::Required);
}

void add_quiet(CLI::App& command, Texts& texts) {
    command.add_flag("--quiet", texts.quiet, "No progress on stderr");
}

// Speaks to the running move; takes it over when none is running and both URLs are given.
CLI::App& add_takeover_command(CLI::App& database, Texts& texts, char const* name,
                               char const* description) {
    auto& command = *database.add_subcommand(name, description);
    command.footer(
        "\nWithout a running process the move is carried on here: give --source and "
        "--target\n(and the move's other options) again.");
    add_journal(command, texts, Journal::Required);
    add_format(command, texts.format);
    add_quiet(command, texts);
    add_move_options(command, texts, Endpoints::Optional);
    return command;
}

void add_database_commands(CLI::App& database, Texts& texts) {
    auto& move = *database.add_subcommand("move", "Copy, follow, verify, switch, keep a way back");
    add_move_options(move, texts, Endpoints::Required);
    add_journal(move, texts, Journal::Optional);
    move.add_flag("--dry-run", texts.dry_run, "Check and show the plan; change nothing");
    add_format(move, texts.format);
    add_quiet(move, texts);
    move.footer("Killed or stopped, the same command carries on where the journal says.");

    auto& status = *database.add_subcommand("status", "What a move has done so far");
    add_journal(status, texts, Journal::Required);
    add_format(status, texts.format);
    auto& pause = *database.add_subcommand("pause", "Let the running move rest");
    add_journal(pause, texts, Journal::Required);
    add_format(pause, texts.format);

    add_takeover_command(database, texts, "resume", "Go on after pause, or after the process died");
    add_takeover_command(database, texts, "switch", "Let the target serve, once it is verified");
    add_takeover_command(database, texts, "rollback",
                         "Let the source serve again; before the switch: call the move off")
        .add_option("--accept-loss", texts.accept_loss,
                    wrapped("The database's name: roll back although the way back is broken and "
                            "writes made on the target get lost"))
        ->type_name("DATABASE");
    add_takeover_command(database, texts, "finalize", "End the way back: the target stays")
        .add_option("--confirm", texts.confirm, "The database's name, typed out")
        ->type_name("DATABASE");

    auto& preflight = *database.add_subcommand("preflight", "Everything that would stop a move");
    add_move_options(preflight, texts, Endpoints::Required);
    add_format(preflight, texts.format);
    auto& verify = *database.add_subcommand("verify", "Compare two databases row by row");
    add_endpoints(verify, texts, Endpoints::Required);
    add_journal(verify, texts, Journal::Optional);
    verify.add_option("--workers", texts.workers, "Ranges compared at once (default 4)")
        ->type_name("N");
    add_format(verify, texts.format);
    add_quiet(verify, texts);
}

constexpr std::array<std::pair<std::string_view, Verb>, 9> kDatabaseVerbs{{
    {"move", Verb::Move},
    {"status", Verb::Status},
    {"pause", Verb::Pause},
    {"resume", Verb::Resume},
    {"switch", Verb::Switch},
    {"rollback", Verb::Rollback},
    {"finalize", Verb::Finalize},
    {"preflight", Verb::Preflight},
    {"verify", Verb::Verify},
}};

std::string move_options_text(Texts const& texts) {
    std::string out;
    for (auto const& option : kMoveOptions) {
        auto const& text = texts.*option.text;
        if (text.empty()) continue;
        bool const is_url = option.value == std::string_view("URL");
        out += fmt::format("{}{} {}", out.empty() ? "" : " ", option.name,
                           shell_quoted(is_url ? without_password(text) : text));
    }
    return out;
}

Result<void> read_move_options(Texts const& texts, mover::MoveOptions& options) {
    if (!texts.accounts.empty()) {
        options.accounts = TRY(accounts_value("--accounts", texts.accounts));
    }
    if (!texts.fence_budget.empty()) {
        options.fence_budget = TRY(duration_value("--fence-budget", texts.fence_budget));
    }
    if (!texts.workers.empty()) {
        options.workers =
            TRY(number_value("--workers", texts.workers, 1, mover::limits::kWorkersMost));
    }
    if (!texts.max_source_load.empty()) {
        options.max_source_load =
            TRY(number_value("--max-source-load", texts.max_source_load, 0, kMostSourceLoad));
    }
    if (!texts.max_lag.empty()) options.max_lag = TRY(duration_value("--max-lag", texts.max_lag));
    if (!texts.retry_for.empty()) {
        options.retry_for = TRY(duration_value("--retry-for", texts.retry_for));
    }
    if (!texts.switch_when.empty()) {
        options.switch_when = static_cast<mover::SwitchWhen>(
            TRY(choice_value("--switch", texts.switch_when, kSwitchChoices)));
    }
    if (!texts.reverse.empty()) {
        options.reverse = static_cast<mover::ReverseMode>(
            TRY(choice_value("--reverse", texts.reverse, kReverseChoices)));
    }
    options.on_switch = texts.on_switch;
    return {};
}

Result<void> read_endpoints(Texts const& texts, DatabaseArguments& arguments) {
    if (texts.source.empty() != texts.target.empty()) {
        return Error(ErrorCode::InvalidArgument, "--source and --target go together: give both");
    }
    if (texts.source.empty()) return {};
    arguments.source = TRY(endpoint_value("--source", texts.source, kSourcePassword));
    arguments.target = TRY(endpoint_value("--target", texts.target, kTargetPassword));
    arguments.options.source = *arguments.source;
    arguments.options.target = *arguments.target;
    return {};
}

Result<DatabaseArguments> read_texts(Texts const& texts, Verb verb) {
    DatabaseArguments arguments;
    arguments.verb = verb;
    arguments.format = TRY(format_value(texts.format));
    TRY(read_endpoints(texts, arguments));
    TRY(read_move_options(texts, arguments.options));
    if (verb == Verb::Move && texts.journal.empty() && !texts.dry_run) {
        return Error(ErrorCode::InvalidArgument,
                     "--journal is required: the file that lets a killed move carry on");
    }
    if (verb == Verb::Finalize && texts.confirm.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "finalize ends the way back to the source: type the database's name with "
                     "--confirm DATABASE");
    }
    arguments.journal = texts.journal;
    arguments.quiet = texts.quiet;
    arguments.dry_run = texts.dry_run;
    arguments.confirmed_database = texts.confirm;
    arguments.accepted_loss = texts.accept_loss;
    arguments.move_options_text = move_options_text(texts);
    return arguments;
}

}  // namespace

std::string_view to_string(Verb verb) {
    auto const* const found = std::find_if(kDatabaseVerbs.begin(), kDatabaseVerbs.end(),
                                           [&](auto const& named) { return named.second == verb; });
    ASSERT(found != kDatabaseVerbs.end());
    return found->first;
}

DatabaseCommands::DatabaseCommands(CLI::App& app) : texts_(std::make_unique<Texts>()) {
    auto& database = *app.add_subcommand("database", "Move one database between two servers, live");
    database.require_subcommand(1);
    database.footer(database_examples());
    add_database_commands(database, *texts_);
}

std::string database_examples() {
    return kExamples;
}

DatabaseCommands::~DatabaseCommands() = default;

Result<DatabaseArguments> DatabaseCommands::read(std::string_view verb) const {
    auto const* const found = std::find_if(kDatabaseVerbs.begin(), kDatabaseVerbs.end(),
                                           [&](auto const& named) { return named.first == verb; });
    ASSERT(found != kDatabaseVerbs.end());
    return read_texts(*texts_, found->second);
}

}  // namespace aipress::cli
