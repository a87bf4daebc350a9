#include "cli/tenant_arguments.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "cli/google_access.h"
#include "cli/shared_arguments.h"
#include "cli/shell_text.h"
#include "fleet/tenant_name.h"
#include "migration/folder.h"
#include "migration/pooler_entry.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct TenantTexts {
    std::string tenant;
    std::string state;
    std::string from;
    std::string to;
    std::string backup_project;
    std::string backup_bucket;
    std::string state_bucket;
    std::string ttl;
    std::string fence_budget;
    std::string workers;
    std::string file_workers;
    std::string observe_for;
    std::string observe_every;
    std::string pooler;
    std::string pooler_address;
    std::string verdict;
    std::string administrator;
    std::string administrator_secret;
    std::string from_step;
    std::string webhook;
    std::string old_bucket;
    std::string new_bucket;
    std::string url;
    std::string backup;
    std::string confirm;
    std::string accept_loss;
    std::string format;
    bool quiet = false;
    bool dry_run = false;
};

namespace {

using Texts = TenantTexts;
using migration::Step;

constexpr char const* kFooter =
    R"help(Where Google is and who asks: as for `aipress inventory`. A migration's journal is
below --state (default: $AIPRESS_STATE, else ~/.local/state/aipress). Killed or
stopped, the same command carries on where the journal says. --pooler's password is in
AIPRESS_POOLER_PASSWORD, or where ?password-file=FILE behind its URL says.

A tenant's whole way:
  aipress tenant migrate  tenant-001 --from aipress-project --to aipress-shard-001
  aipress tenant status   tenant-001
  aipress tenant rollback tenant-001                      back home, or
  aipress tenant complete tenant-001 --confirm tenant-001 no way back any more)help";

struct Option {
    char const* name;
    char const* value;
    std::string Texts::* text;
    char const* description;
};

constexpr std::array<Option, 16> kMigrationOptions{{
    {"--from", "PROJECT", &Texts::from,
     "The project that it leaves (default: $AIPRESS_GCP_PROJECT)"},
    {"--to", "SHARD", &Texts::to,
     "The shard that it goes to (default: that of the migration under "
     "way)"},
    {"--backup-project", "PROJECT", &Texts::backup_project,
     "Of the backups and the tenants' keys (default: the project that it leaves)"},
    {"--backup-bucket", "BUCKET", &Texts::backup_bucket,
     "Where backups go (default aipress-migration-backups)"},
    {"--state-bucket", "BUCKET", &Texts::state_bucket,
     "Where Terraform keeps its state, which is backed up (default: none)"},
    {"--ttl", "TIME", &Texts::ttl, "Of the host's DNS record while it moves (default 30s)"},
    {"--fence-budget", "TIME", &Texts::fence_budget,
     "How long writes may be held; past it all is undone (default 15s)"},
    {"--workers", "N", &Texts::workers, "Tables and ranges copied at once (default 4)"},
    {"--file-workers", "N", &Texts::file_workers, "Files copied at once (default 64)"},
    {"--observe", "TIME", &Texts::observe_for, "How long both sides are watched (default 5m)"},
    {"--observe-every", "TIME", &Texts::observe_every, "Between two looks (default 1s)"},
    {"--pooler", "URL", &Texts::pooler,
     "ProxySQL's admin interface, mysql://admin@host:6032: sites are entered there and connect by "
     "it (default: to the instance itself)"},
    {"--pooler-address", "HOST:PORT", &Texts::pooler_address,
     "Where sites connect to it (default: its host, port 6033)"},
    {"--verdict", "RULE", &Texts::verdict,
     "When a rollback is due. statistical: what chance does not explain (default); strict: the "
     "plain limits"},
    {"--admin", "USER", &Texts::administrator,
     "WordPress's administrator, to try the login (default: it is not tried)"},
    {"--admin-secret", "SECRET", &Texts::administrator_secret,
     "Where the old project has that user's password"},
}};

void add_common(CLI::App& command, Texts& texts) {
    command.add_option("tenant", texts.tenant, "The tenant's name")
        ->required()
        ->type_name("TENANT");
    command.add_option("--state", texts.state, wrapped("Where the journals are"))
        ->type_name("FOLDER");
    add_format(command, texts.format);
}

void add_migration_options(CLI::App& command, Texts& texts) {
    for (auto const& option : kMigrationOptions) {
        command.add_option(option.name, texts.*option.text, wrapped(option.description))
            ->type_name(option.value);
    }
    command
        .add_option("--webhook", texts.webhook,
                    wrapped("Told of what an operator has to know (default: $AIPRESS_WEBHOOK)"))
        ->type_name("URL");
    command.add_flag("--quiet", texts.quiet, "No progress on stderr");
}

struct StepHelp {
    Step step;
    char const* description;
};
constexpr std::array<StepHelp, migration::kSteps> kStepHelp{{
    {Step::Backup, "Back up the site, read the backup back, prove it restorable"},
    {Step::Provision, "Make the tenant's place in its shard"},
    {Step::Database, "Copy the database, follow the source, compare"},
    {Step::Files, "Copy the files, and what changed meanwhile"},
    {Step::Validate, "Compare the two sides, and see the site as its visitors do"},
    {Step::Routing, "Switch, and send the visitors to the new side"},
    {Step::Observe, "Watch both sides; roll back by itself when the new one is worse"},
    {Step::Complete, "End the way back; the old side is not kept current any more"},
}};

void add_steps(CLI::App& tenant, Texts& texts) {
    for (auto const& [step, description] : kStepHelp) {
        auto& command =
            *tenant.add_subcommand(std::string(migration::command_of(step)), description);
        add_common(command, texts);
        add_migration_options(command, texts);
        if (step == Step::Files) {
            command
                .add_option("--old-bucket", texts.old_bucket,
                            wrapped("Refuse unless the files are in this bucket"))
                ->type_name("BUCKET");
            command
                .add_option("--new-bucket", texts.new_bucket,
                            wrapped("Refuse unless they go to this one"))
                ->type_name("BUCKET");
        }
        if (step == Step::Routing) {
            command
                .add_option("--url", texts.url,
                            wrapped("Refuse unless this is the site's new address"))
                ->type_name("URL");
        }
        if (step == Step::Complete) {
            command.add_option("--confirm", texts.confirm, "The tenant's name, once more")
                ->type_name("TENANT")
                ->required();
        }
    }
}

void add_looks(CLI::App& tenant, Texts& texts) {
    add_common(*tenant.add_subcommand("status", "How far a tenant's migration is"), texts);
    add_common(*tenant.add_subcommand("why", "Why it stands where it stands, and what to do"),
               texts);
    add_common(*tenant.add_subcommand("history", "All of a tenant's migrations, entry by entry"),
               texts);
}

void add_ways_back(CLI::App& tenant, Texts& texts) {
    auto& rollback = *tenant.add_subcommand("rollback", "Back home, no write lost");
    add_common(rollback, texts);
    add_migration_options(rollback, texts);
    rollback
        .add_option("--accept-loss", texts.accept_loss,
                    wrapped("The tenant's name: roll back although the way back is broken and the "
                            "writes since then are lost"))
        ->type_name("TENANT");
    auto& restore = *tenant.add_subcommand("restore", "A backup back into the tenant's home");
    add_common(restore, texts);
    add_migration_options(restore, texts);
    restore.add_option("--backup", texts.backup, wrapped("Its id (default: the latest)"))
        ->type_name("ID");
    restore
        .add_option("--confirm", texts.confirm,
                    wrapped("The tenant's name: what is there is replaced"))
        ->type_name("TENANT");
    restore.add_flag("--dry-run", texts.dry_run, "Show what would be done; change nothing");
}

std::filesystem::path default_state_folder() {
    if (auto const* const given = std::getenv("AIPRESS_STATE")) return given;
    if (auto const* const given = std::getenv("XDG_STATE_HOME")) {
        return std::filesystem::path(given) / "aipress";
    }
    auto const* const home = std::getenv("HOME");
    return std::filesystem::path(home == nullptr ? "/" : home) / ".local/state/aipress";
}

Result<void> read_pooler(Texts const& texts, migration::Options& options) {
    options.pooler = texts.pooler;
    options.pooler_address = texts.pooler_address;
    if (!TRY(migration::pooler_of(options))) return {};
    // It is journaled, and seen by whoever lists processes.
    if (without_password(texts.pooler) != texts.pooler) {
        return Error(ErrorCode::InvalidArgument,
                     "--pooler: it has a password: set AIPRESS_POOLER_PASSWORD, or put "
                     "?password-file=FILE or ?password-env=NAME behind it");
    }
    return {};
}

Result<void> read_options(Texts const& texts, migration::Options& options) {
    options.backup_project = texts.backup_project;
    if (!texts.backup_bucket.empty()) options.backup_bucket = texts.backup_bucket;
    options.state_bucket = texts.state_bucket;
    if (!texts.ttl.empty()) {
        auto const ttl = TRY(duration_value("--ttl", texts.ttl));
        options.ttl_seconds = std::chrono::duration_cast<std::chrono::seconds>(ttl).count();
    }
    if (!texts.fence_budget.empty()) {
        options.fence_budget = TRY(duration_value("--fence-budget", texts.fence_budget));
    }
    if (!texts.workers.empty()) {
        options.workers = TRY(number_value("--workers", texts.workers, 1, 32));
    }
    if (!texts.file_workers.empty()) {
        options.file_workers = TRY(number_value("--file-workers", texts.file_workers, 1, 256));
    }
    if (!texts.observe_for.empty()) {
        options.observe_for = TRY(duration_value("--observe", texts.observe_for));
    }
    if (!texts.observe_every.empty()) {
        options.observe_every = TRY(duration_value("--observe-every", texts.observe_every));
    }
    if (!texts.verdict.empty()) {
        constexpr std::array<std::string_view, 2> kRules{"statistical", "strict"};
        options.strict = TRY(choice_value("--verdict", texts.verdict, kRules)) == 1;
    }
    TRY(read_pooler(texts, options));
    options.administrator = texts.administrator;
    options.administrator_secret = texts.administrator_secret;
    if (options.administrator.empty() != options.administrator_secret.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "--admin and --admin-secret: both are needed, or none");
    }
    return {};
}

Result<void> check_typed(std::string_view option, std::string const& typed,
                         std::string const& tenant) {
    if (typed.empty() || typed == tenant) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{}: '{}' is not the tenant's name, '{}'", option, typed, tenant));
}

std::optional<Step> step_of(std::string_view verb) {
    for (auto const& help : kStepHelp) {
        if (migration::command_of(help.step) == verb) return help.step;
    }
    return std::nullopt;
}

TenantVerb verb_of(std::string_view verb) {
    if (verb == "migrate") return TenantVerb::Migrate;
    if (verb == "rollback") return TenantVerb::Rollback;
    if (verb == "restore") return TenantVerb::Restore;
    if (verb == "why") return TenantVerb::Why;
    if (verb == "history") return TenantVerb::History;
    return step_of(verb) ? TenantVerb::Step : TenantVerb::Status;
}

}  // namespace

TenantCommands::TenantCommands(CLI::App& app) : texts_(std::make_unique<TenantTexts>()) {
    auto& tenant = *app.add_subcommand("tenant", "A tenant's migration to its shard");
    tenant.require_subcommand(1);
    tenant.footer(kFooter);
    auto& migrate = *tenant.add_subcommand("migrate", "The whole way, up to and with observe");
    add_common(migrate, *texts_);
    add_migration_options(migrate, *texts_);
    migrate
        .add_option("--from-step", texts_->from_step,
                    wrapped("Do the steps from this one on again: backup, provision, database, "
                            "files, validate, routing, observe"))
        ->type_name("STEP");
    migrate.add_flag("--dry-run", texts_->dry_run, "Check and show the plan; change nothing");
    add_steps(tenant, *texts_);
    add_ways_back(tenant, *texts_);
    add_looks(tenant, *texts_);
}

TenantCommands::~TenantCommands() = default;

Result<TenantArguments> TenantCommands::read(std::string_view verb) const {
    auto const& texts = *texts_;
    TenantArguments arguments;
    arguments.verb = verb_of(verb);
    arguments.command = verb;
    if (auto const step = step_of(verb)) arguments.step = *step;
    arguments.tenant = texts.tenant;
    TRY(fleet::check_tenant_name(texts.tenant));
    arguments.state =
        texts.state.empty() ? default_state_folder() : std::filesystem::path(texts.state);
    auto const given = project_value(texts.from);
    if (given.ok()) arguments.from = given.value();
    arguments.to = texts.to;
    TRY(read_options(texts, arguments.options));
    if (!texts.from_step.empty()) {
        arguments.from_step = migration::step_named(texts.from_step);
        if (!arguments.from_step || *arguments.from_step == Step::Complete) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("--from-step: '{}' is no step", texts.from_step));
        }
    }
    auto const* const webhook = std::getenv("AIPRESS_WEBHOOK");
    arguments.webhook = !texts.webhook.empty() || webhook == nullptr ? texts.webhook : webhook;
    arguments.old_bucket = texts.old_bucket;
    arguments.new_bucket = texts.new_bucket;
    arguments.url = texts.url;
    arguments.backup = texts.backup;
    TRY(check_typed("--confirm", texts.confirm, texts.tenant));
    TRY(check_typed("--accept-loss", texts.accept_loss, texts.tenant));
    arguments.confirmed = texts.confirm;
    arguments.accepted_loss = texts.accept_loss;
    arguments.format = TRY(format_value(texts.format));
    arguments.quiet = texts.quiet;
    arguments.dry_run = texts.dry_run;
    return arguments;
}

}  // namespace aipress::cli
