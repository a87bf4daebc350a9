#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>

#include "cli/commands.h"
#include "cli/google_access.h"
#include "cli/output.h"
#include "cli/tenant_output.h"
#include "dns/exchange.h"
#include "migration/backup_step.h"
#include "migration/migration.h"
#include "migration/relocation.h"

namespace aipress::cli {
namespace {

using migration::Migration;
using migration::Step;

// Everything that a command needs which talks to Google.
struct Desk {
    std::unique_ptr<GoogleAccess> access;
    std::unique_ptr<migration::Cloud> cloud;
    std::unique_ptr<alerts::Alerts> alerts;
    std::unique_ptr<migration::MigrationParts> parts;
};

std::string variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

Result<Desk> open_desk(TenantArguments const& arguments, Environment& environment) {
    Desk desk;
    desk.access = TRY(GoogleAccess::open(environment.clock));
    desk.cloud = std::make_unique<migration::Cloud>(desk.access->connection());
    std::error_code ignored;
    std::filesystem::create_directories(arguments.state, ignored);
    desk.alerts = std::make_unique<alerts::Alerts>(TRY(alerts::Alerts::open(
        {.file = arguments.state / "alerts.jsonl", .webhook = arguments.webhook})));
    migration::Surroundings surroundings{
        .sites_address = variable("AIPRESS_SITES_ADDRESS"),
        .pooler_password = gcp::Secret(variable("AIPRESS_POOLER_PASSWORD"))};
    if (auto const server = variable("AIPRESS_DNS_ADDRESS"); !server.empty()) {
        surroundings.dns_server = TRY(dns::parse_server(server).in_context("AIPRESS_DNS_ADDRESS"));
    }
    desk.parts = std::make_unique<migration::MigrationParts>(
        migration::MigrationParts{.cloud = *desk.cloud,
                                  .clock = environment.clock,
                                  .probe = environment.probe,
                                  .alerts = *desk.alerts,
                                  .folder = migration::MigrationFolder(arguments.state),
                                  .surroundings = std::move(surroundings)});
    if (!arguments.quiet) {
        desk.parts->say = [tenant = arguments.tenant](std::string_view text) {
            fmt::print(stderr, "{}: {}\n", tenant, text);
        };
    }
    return desk;
}

Result<migration::MigrationOrder> order_of(TenantArguments const& arguments) {
    if (arguments.to.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "--to: missing, and no migration is under way that says it");
    }
    if (arguments.from.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "--from: missing, and AIPRESS_GCP_PROJECT is not set");
    }
    return migration::MigrationOrder{.tenant = arguments.tenant,
                                     .project = arguments.from,
                                     .shard = {.project = arguments.to},
                                     .options = arguments.options};
}

// What was typed has to be what is meant: the operator's scripts name both sides.
Result<void> check_sides(TenantArguments const& arguments, fleet::Relocation const& relocation) {
    auto const differs = [](std::string_view option, std::string typed, std::string const& is) {
        constexpr std::string_view kScheme = "gs://";
        if (typed.starts_with(kScheme)) typed.erase(0, kScheme.size());
        typed = typed.substr(0, typed.find('/'));
        if (typed.empty() || typed == is) return Result<void>();
        return Result<void>(
            Error(ErrorCode::InvalidArgument,
                  fmt::format("{}: '{}' is not the one, which is '{}'", option, typed, is)));
    };
    TRY(differs("--old-bucket", arguments.old_bucket, relocation.from.bucket));
    TRY(differs("--new-bucket", arguments.new_bucket, relocation.to.bucket));
    if (!arguments.to.empty()) TRY(differs("--to", arguments.to, relocation.to.project));
    return {};
}

// Whether a command may begin what is not under way.
bool begins(TenantArguments const& arguments) {
    if (arguments.verb == TenantVerb::Migrate) return true;
    return arguments.verb == TenantVerb::Step && arguments.step <= Step::Provision;
}

// The one that is under way, else a new one.
Result<std::unique_ptr<Migration>> open_migration(Context const& context,
                                                  TenantArguments const& arguments,
                                                  migration::MigrationParts const& parts) {
    auto under_way = Migration::carry_on(context, parts, arguments.tenant);
    bool const is_there = under_way.ok() || under_way.error().code() != ErrorCode::NotFound;
    if (is_there || !begins(arguments)) return under_way;
    auto const order = TRY(order_of(arguments));
    return Migration::begin(context, parts, order);
}

std::string again(TenantArguments const& arguments) {
    return fmt::format("aipress tenant {} {}", arguments.command, arguments.tenant);
}

int fail_with(Error const& error, std::string const& next) {
    print_failure(error.message(), error.code() == ErrorCode::InvalidArgument ? "" : next);
    return exit_code(error);
}

Result<void> check_url(TenantArguments const& arguments, Migration const& migration) {
    if (arguments.url.empty()) return {};
    auto const facts = migration.content().facts("provision/service");
    auto const* const url = facts.if_contains("url");
    if (url != nullptr && url->is_string() && url->get_string() == arguments.url) return {};
    return Error(
        ErrorCode::InvalidArgument,
        fmt::format("--url: '{}' is not the new service's address, which is '{}'", arguments.url,
                    url != nullptr && url->is_string() ? url->get_string().c_str() : ""));
}

int run_migration(TenantArguments const& arguments, Environment& environment) {
    auto desk = open_desk(arguments, environment);
    if (!desk.ok()) return fail_with(desk.error(), "");
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const opened = open_migration(context, arguments, *desk->parts);
    if (!opened.ok()) {
        return fail_with(opened.error(), "aipress tenant status " + arguments.tenant);
    }
    auto& migration = *opened.value();
    auto done = check_sides(arguments, migration.relocation());
    if (done.ok()) done = check_url(arguments, migration);
    if (done.ok() && arguments.verb == TenantVerb::Migrate) {
        done = migration.run(context, Step::Observe, arguments.from_step);
    } else if (done.ok() && arguments.verb == TenantVerb::Step) {
        done = migration.run_by_hand(context, arguments.step);
    } else if (done.ok()) {
        done = migration.roll_back(context, {.reason = "an operator asked for it",
                                             .accept_loss = !arguments.accepted_loss.empty()});
    }
    auto const summary = migration::summarize(migration.content());
    print_data(render_summary(summary, arguments.format));
    if (done.ok()) return 0;
    bool const is_stopped = done.error().code() == ErrorCode::Cancelled;
    return fail_with(done.error(),
                     is_stopped || summary.next.empty() ? again(arguments) : summary.next);
}

int run_plan(TenantArguments const& arguments, Environment& environment) {
    auto const order = order_of(arguments);
    if (!order.ok()) return fail_with(order.error(), "");
    auto desk = open_desk(arguments, environment);
    if (!desk.ok()) return fail_with(desk.error(), "");
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const plan = migration::plan_migration(context, *desk->cloud, order.value());
    if (!plan.ok()) return fail_with(plan.error(), "mend what speaks against it");
    print_data(render_migration_plan(plan.value(), arguments.format));
    return 0;
}

// Without a migration: the home that the project's own service has.
Result<fleet::Relocation> home_of(Context const& context, TenantArguments const& arguments,
                                  migration::Cloud const& cloud) {
    if (arguments.from.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "--from: missing, and AIPRESS_GCP_PROJECT is not set");
    }
    return migration::find_relocation(context, cloud, arguments.tenant, arguments.from, {});
}

int run_backup(TenantArguments const& arguments, Environment& environment) {
    auto desk = open_desk(arguments, environment);
    if (!desk.ok()) return fail_with(desk.error(), "");
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const home = home_of(context, arguments, *desk->cloud);
    if (!home.ok()) return fail_with(home.error(), "");
    auto const id = migration::new_migration_id(environment.clock.wall_now());
    auto const proof = migration::back_up(context, *desk->cloud, home.value(), arguments.options,
                                          id, desk->parts->say);
    if (!proof.ok()) return fail_with(proof.error(), again(arguments));
    print_data(boost::json::serialize(backup::to_json(proof.value())) + "\n");
    return 0;
}

int run_restore(TenantArguments const& arguments, Environment& environment) {
    auto desk = open_desk(arguments, environment);
    if (!desk.ok()) return fail_with(desk.error(), "");
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const home = home_of(context, arguments, *desk->cloud);
    if (!home.ok()) return fail_with(home.error(), "");
    migration::Restoring const restoring{.tenant = arguments.tenant,
                                         .backup = arguments.backup,
                                         .choice = arguments.confirmed.empty()
                                                       ? backup::DatabaseChoice::OnlyEmpty
                                                       : backup::DatabaseChoice::Replace};
    if (arguments.dry_run) {
        auto const plan = migration::plan_restore(context, *desk->cloud, home.value(),
                                                  arguments.options, restoring);
        if (!plan.ok()) return fail_with(plan.error(), again(arguments));
        print_data(boost::json::serialize(backup::to_json(plan.value())) + "\n");
        return 0;
    }
    auto const report = migration::restore(context, *desk->cloud, home.value(), arguments.options,
                                           restoring, desk->parts->say);
    if (!report.ok()) {
        return fail_with(report.error(), fmt::format("{0} --dry-run shows what is there; --confirm "
                                                     "{1} replaces it",
                                                     again(arguments), arguments.tenant));
    }
    print_data(boost::json::serialize(backup::to_json(report.value())) + "\n");
    return 0;
}

bool has_migration_under_way(TenantArguments const& arguments) {
    migration::MigrationFolder const folder(arguments.state);
    auto const all = folder.migrations(arguments.tenant);
    if (all.empty()) return false;
    auto const content = migration::Journal::read(folder.journal(arguments.tenant, all.back()));
    return content.ok() && !migration::is_over(content.value().state);
}

int look(TenantArguments const& arguments) {
    migration::MigrationFolder const folder(arguments.state);
    std::vector<migration::JournalContent> all;
    for (auto const& id : folder.migrations(arguments.tenant)) {
        auto content = migration::Journal::read(folder.journal(arguments.tenant, id));
        if (!content.ok()) return fail_with(content.error(), "");
        all.push_back(content.release());
    }
    if (all.empty()) {
        return fail_with(
            {ErrorCode::NotFound,
             fmt::format("{} has no migration in {}", arguments.tenant, arguments.state.string())},
            fmt::format("aipress tenant migrate {} --to SHARD, or name the folder "
                        "of its journal with --state",
                        arguments.tenant));
    }
    if (arguments.verb == TenantVerb::History) {
        print_data(render_history(all, arguments.format));
        return 0;
    }
    auto const summary = migration::summarize(all.back());
    print_data(arguments.verb == TenantVerb::Why ? render_why(summary, arguments.format)
                                                 : render_summary(summary, arguments.format));
    return 0;
}

}  // namespace

int run_tenant(TenantArguments const& arguments, Environment& environment) {
    switch (arguments.verb) {
        case TenantVerb::Migrate:
            return arguments.dry_run ? run_plan(arguments, environment)
                                     : run_migration(arguments, environment);
        case TenantVerb::Step:
            if (arguments.step == Step::Backup && arguments.to.empty() &&
                !has_migration_under_way(arguments)) {
                return run_backup(arguments, environment);
            }
            return run_migration(arguments, environment);
        case TenantVerb::Rollback:
            return run_migration(arguments, environment);
        case TenantVerb::Restore:
            return run_restore(arguments, environment);
        case TenantVerb::Status:
        case TenantVerb::Why:
        case TenantVerb::History:
            return look(arguments);
    }
    return 2;
}

}  // namespace aipress::cli
