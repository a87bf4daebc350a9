#include "migration/migration.h"

#include <fmt/format.h>

#include "backup/folder.h"
#include "migration/relocation.h"
#include "migration/shard_check.h"

namespace aipress::migration {
namespace {

constexpr milliseconds kAlertTime{20'000};

Result<std::unique_ptr<Lease>> take_lease(Context const& context, Cloud const& cloud,
                                          std::string const& tenant, std::string const& project,
                                          Options const& options) {
    TRY(backup::ensure_bucket(
        context, cloud.storage,
        {.project = options.backup_project.empty() ? project : options.backup_project,
         .name = options.backup_bucket}));
    return Lease::take(context, cloud.storage,
                       lease_of_this_process(options.backup_bucket, tenant + "/lease"));
}

// The tenant's last migration; "" when there is none.
std::string last_of(MigrationFolder const& folder, std::string const& tenant) {
    auto const all = folder.migrations(tenant);
    return all.empty() ? "" : all.back();
}

}  // namespace

Result<MigrationPlan> plan_migration(Context const& context, Cloud const& cloud,
                                     MigrationOrder const& order) {
    if (order.project == order.shard.project) {
        return Error(
            ErrorCode::InvalidArgument,
            fmt::format("{} is both where the tenant is and where it would go", order.project));
    }
    MigrationPlan plan;
    plan.relocation =
        TRY(find_relocation(context, cloud, order.tenant, order.project, order.shard));
    auto const shard = TRY(look_at_shard(context, cloud, order.shard));
    TRY(check_takes_tenant(shard));
    plan.shard_sites = shard.sites;
    plan.shard_capacity = shard.capacity;
    return plan;
}

Migration::Migration(MigrationParts const& parts, std::unique_ptr<Journal> journal,
                     std::unique_ptr<Lease> lease, Options options)
    : parts_(parts),
      journal_(std::move(journal)),
      lease_(std::move(lease)),
      work_{.cloud = parts.cloud,
            .journal = *journal_,
            .clock = parts.clock,
            .probe = parts.probe,
            .surroundings = parts.surroundings,
            .say = parts.say},
      files_(work_),
      handover_(work_, files_),
      visits_(work_) {
    auto const header = journal_->content().header;
    work_.id = header.id;
    work_.relocation = header.relocation;
    work_.options = std::move(options);
    work_.names = names_of(work_.relocation, work_.id);
}

Migration::~Migration() = default;

Result<std::unique_ptr<Migration>> Migration::begin(Context const& context,
                                                    MigrationParts const& parts,
                                                    MigrationOrder const& order) {
    auto const last = last_of(parts.folder, order.tenant);
    if (!last.empty()) {
        auto const content = TRY(Journal::read(parts.folder.journal(order.tenant, last)));
        if (!is_over(content.state)) {
            return Error(ErrorCode::AlreadyExists,
                         fmt::format("the migration {} of {} is under way, to {}", last,
                                     order.tenant, content.header.relocation.to.project));
        }
    }
    auto plan = TRY(plan_migration(context, parts.cloud, order));
    auto lease = TRY(take_lease(context, parts.cloud, order.tenant, order.project, order.options));
    auto const id = new_migration_id(parts.clock.wall_now());
    TRY(parts.folder.make(order.tenant, id));
    auto journal = TRY(Journal::create(
        parts.folder.journal(order.tenant, id),
        {.id = id, .relocation = plan.relocation, .options = to_json(order.options)}, parts.clock,
        parts.probe));
    return std::unique_ptr<Migration>(
        new Migration(parts, std::move(journal), std::move(lease), order.options));
}

Result<std::unique_ptr<Migration>> Migration::carry_on(Context const& context,
                                                       MigrationParts const& parts,
                                                       std::string const& tenant) {
    auto const last = last_of(parts.folder, tenant);
    if (last.empty()) {
        return Error(ErrorCode::NotFound, fmt::format("{} has no migration in {}", tenant,
                                                      parts.folder.root().string()));
    }
    auto journal = TRY(Journal::open(parts.folder.journal(tenant, last), parts.clock, parts.probe));
    auto const content = journal->content();
    if (is_over(content.state)) {
        return Error(ErrorCode::NotFound, fmt::format("{} has no migration under way: the last "
                                                      "one, {}, is {}",
                                                      tenant, last, to_string(content.state)));
    }
    auto options = TRY(options_of(content.header.options).in_context("the journal's options"));
    auto lease = TRY(
        take_lease(context, parts.cloud, tenant, content.header.relocation.from.project, options));
    return std::unique_ptr<Migration>(
        new Migration(parts, std::move(journal), std::move(lease), std::move(options)));
}

Result<void> Migration::while_held(Context const& context,
                                   std::function<Result<void>(Context const&)> const& work) {
    std::stop_source called_off;
    auto const call_off = [&] { called_off.request_stop(); };
    std::stop_callback const by_caller(context.stop(), call_off);
    std::stop_callback const by_lease(lease_->held(), call_off);
    auto done = work(context.stopped_by(called_off.get_token()));
    if (!done.ok() && lease_->held().stop_requested()) {
        // Another works on the tenant: nothing is written any more.
        if (database_) database_->stop();
        return lease_->check();
    }
    return done;
}

Result<void> Migration::run_step(Context const& context, Step step, Repeat repeat) {
    // The way back is kept while it is looked at.
    if (step == Step::Observe) TRY(TRY(database_move(context))->start());
    for (auto const& action : actions_of(step)) {
        TRY(lease_->check());
        if (!journal_->content().is_done(action.name)) work_.say(action.name);
        TRY(perform(context, *journal_, action, repeat));
    }
    return {};
}

// A difference between the two sides, at any time; and behind the switch the observer's verdict.
bool Migration::is_reason_to_go_back(Step step, Error const& error) const {
    if (step == Step::Backup || step == Step::Complete) return false;
    if (error.code() == ErrorCode::DataLoss) return true;
    return step == Step::Observe && error.code() == ErrorCode::Aborted;
}

Result<void> Migration::check_not_going_back() const {
    auto const content = journal_->content();
    if (content.state != State::RollingBack) return {};
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("it is being rolled back: {}", content.reason));
}

Result<void> Migration::run_or_go_back(Context const& context, Step step, Repeat repeat) {
    auto const done = run_step(context, step, repeat);
    if (done.ok() || context.stopped() || !is_reason_to_go_back(step, done.error())) return done;
    TRY(finish_rollback(context, done.error().message())
            .in_context(fmt::format("it should go back ({})", done.error().message())));
    return Error(ErrorCode::Aborted,
                 fmt::format("rolled back by itself: {}", done.error().message()));
}

Result<void> Migration::run(Context const& context, Step last, std::optional<Step> again) {
    return while_held(context, [&](Context const& held) -> Result<void> {
        TRY(check_not_going_back());
        if (again && *again < Step::Routing) TRY(check_not_switched());
        for (auto const step : kAllSteps) {
            if (step > last) break;
            auto const repeat = again && step >= *again ? Repeat::Always : Repeat::Never;
            // The files are copied beside the database.
            if (step == Step::Database) TRY(perform(held, *journal_, begin_database(), repeat));
            auto const next = step == Step::Database ? Step::Files
                              : step == Step::Files  ? Step::Database
                                                     : step;
            TRY(run_or_go_back(held, next, repeat));
        }
        return note_arrival(held, last);
    });
}

Result<void> Migration::note_arrival(Context const& context, Step last) {
    if (last >= Step::Observe && journal_->content().state == State::Running) {
        TRY(journal_->set_state(State::Moved, ""));
        alert(context, alerts::Severity::Information, "moved", "its new home was observed", "");
    }
    if (last == Step::Complete) TRY(journal_->set_state(State::Completed, ""));
    return {};
}

Result<void> Migration::check_ready_for(Step step) const {
    auto const content = journal_->content();
    for (auto const earlier : kAllSteps) {
        // Database and files go side by side.
        if (earlier >= step || (earlier == Step::Database && step == Step::Files)) break;
        if (content.is_done(last_action_of(earlier))) continue;
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} has to be done before: `aipress tenant {} {}`",
                                 to_string(earlier), command_of(earlier), work_.relocation.tenant));
    }
    return {};
}

Result<void> Migration::check_not_switched() const {
    if (!journal_->content().is_begun("routing/switch")) return {};
    return Error(ErrorCode::FailedPrecondition,
                 "it is switched already, or about to be: what is carried forth now would run over "
                 "what is written there");
}

Result<void> Migration::run_by_hand(Context const& context, Step step) {
    // Nothing is provided for whom there is no proven backup of.
    if (step == Step::Provision && !journal_->content().is_done(last_action_of(Step::Backup))) {
        TRY(run_by_hand(context, Step::Backup));
    }
    TRY(check_ready_for(step));
    bool const is_switched = journal_->content().is_done("routing/switch");
    return while_held(context, [&](Context const& held) -> Result<void> {
        TRY(check_not_going_back());
        // What is carried forth must not run over what was written since.
        if (is_switched && step == Step::Validate) {
            auto const seen = visits_.validate(held);
            return seen.ok() ? Result<void>() : Result<void>(seen.error());
        }
        if (step < Step::Routing) TRY(check_not_switched());
        bool const is_repeatable = step != Step::Backup && step != Step::Provision;
        TRY(run_or_go_back(held, step, is_repeatable ? Repeat::Always : Repeat::Never));
        return note_arrival(held, step);
    });
}

void Migration::alert(Context const& context, alerts::Severity severity, std::string const& what,
                      std::string const& why, std::string const& next) {
    auto const number = journal_->content().entries.size();
    (void)parts_.alerts.raise(
        context.within(kAlertTime),
        {.id = fmt::format("{}/{}/{}/{}", work_.relocation.tenant, work_.id, what, number),
         .severity = severity,
         .tenant = work_.relocation.tenant,
         .what = what,
         .why = why,
         .next_command = next});
}

}  // namespace aipress::migration
