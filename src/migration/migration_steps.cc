// What each step of a migration consists of.
#include <filesystem>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "migration/backup_step.h"
#include "migration/migration.h"
#include "migration/provision.h"
#include "migration/site_service.h"
#include "migration/sql_accounts.h"
#include "migration/visitors_routing.h"

namespace aipress::migration {
namespace {

constexpr unsigned kComparisons = 4;  // of the files of a site that goes on being written to
constexpr milliseconds kBetweenFilesBack{5'000};

// The site's own, under whatever host: those of Cloud SQL's API may write everywhere, and would
// not be taken for the tenant's.
Result<std::vector<mover::Account>> accounts_of(Context const& context, Workspace const& work) {
    std::vector<mover::Account> accounts;
    auto const& home = work.relocation.from;
    TRY(work.cloud.sql.list_users(
        context, {.project = home.project, .instance = home.instance},
        [&](boost::json::object const& user) -> gcp::Outcome<gcp::Done> {
            if (gcp::text_of(user, "name") != home.user) return gcp::Done();
            auto host = gcp::text_of(user, "host");
            accounts.push_back({.user = home.user, .host = host.empty() ? "%" : std::move(host)});
            return gcp::Done();
        }));
    if (!accounts.empty()) return accounts;
    return Error(ErrorCode::NotFound, fmt::format("the instance {} has no user {}, as whom the "
                                                  "site logs in",
                                                  home.instance, home.user));
}

Facts facts_of(mover::Report const& report) {
    return {{"state", mover::to_string(report.state)},
            {"tables", report.tables},
            {"rows", report.rows_copied},
            {"bytes", report.bytes_copied},
            {"rows_changed", report.rows_changed},
            {"verified_rows", report.verified_rows}};
}

}  // namespace

std::string Migration::database_journal() const {
    return parts_.folder.database_journal(work_.relocation.tenant, work_.id);
}

Result<mover::MoveOptions> Migration::move_options(Context const& context) const {
    mover::MoveOptions options;
    options.source = TRY(mover_endpoint(context, work_, work_.relocation.from));
    options.target = TRY(mover_endpoint(context, work_, work_.relocation.to));
    options.accounts = TRY(accounts_of(context, work_));
    options.fence_budget = work_.options.fence_budget;
    options.workers = work_.options.workers;
    options.switch_when = mover::SwitchWhen::Manual;
    return options;
}

Result<DatabaseMove*> Migration::database_move(Context const& context) {
    if (database_) return database_.get();
    auto options = TRY(move_options(context));
    auto const on_switch = [this](Context const& during, mover::Side owner) -> Result<void> {
        auto const serving =
            TRY(database()).owner == "target" ? mover::Side::Target : mover::Side::Source;
        return handover_.announce(during, owner, serving);
    };
    database_ = std::make_unique<DatabaseMove>(
        database_journal(), std::move(options),
        mover::MoveDependencies{work_.clock, work_.probe, {}, on_switch});
    return database_.get();
}

Result<mover::Report> Migration::database() const {
    if (database_) return database_->report();
    return mover::read_journal_report(database_journal());
}

// Before the switch the move is given up; behind it every write is carried back first.
Result<void> Migration::undo_database(Context const& context) {
    if (!std::filesystem::exists(database_journal())) return {};
    auto* const move = TRY(database_move(context));
    auto const report = TRY(database());
    if (report.state == mover::State::Aborted || report.state == mover::State::RolledBack) {
        return {};
    }
    auto const plan = TRY(accepted_return());
    mover::Move::RollbackRequest const request{.accept_loss = plan.by != ReturnBy::Stream,
                                               .source_is_replaced = plan.by == ReturnBy::Backup};
    TRY(move->start(request.accept_loss ? std::optional(request) : std::nullopt));
    return move->roll_back(context, request);
}

Action Migration::begin_database() {
    return {.name = "database/begin",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                TRY(TRY(database_move(context))->start());
                return Facts();
            },
            .undo = [this](Context const& context,
                           ActionRecord const&) { return undo_database(context); }};
}

Action Migration::follow_database() {
    return {.name = "database/follow",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                auto* const move = TRY(database_move(context));
                TRY(move->start());
                TRY(move->wait_for_standby(context));
                return facts_of(TRY(move->report()));
            }};
}

Action Migration::compare_data() {
    return {.name = "validate/data",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                auto* const move = TRY(database_move(context));
                TRY(move->start());
                TRY(move->wait_for_standby(context));
                auto facts = facts_of(TRY(move->report()));
                for (unsigned i = 1;; ++i) {
                    TRY(files_.catch_up(context, Files::Way::Forth));
                    auto const seen = TRY(files_.compare(context));
                    if (seen.is_equal()) {
                        facts["files"] = seen.objects;
                        facts["file_bytes"] = seen.bytes;
                        return facts;
                    }
                    if (i < kComparisons) continue;
                    auto const& first = seen.first.front();
                    return Error(ErrorCode::DataLoss,
                                 fmt::format("{} of {} files differ, first {}: {}", seen.different,
                                             seen.objects, first.name, to_string(first.kind)));
                }
            }};
}

Action Migration::switch_over() {
    return {.name = "routing/switch",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                auto* const move = TRY(database_move(context));
                TRY(move->start());
                TRY(move->switch_over(context));
                auto const report = TRY(move->report());
                auto const times = handover_.times();
                work_.say(
                    fmt::format("routing: {} is served by its new home; writes were held "
                                "for {} ms",
                                work_.relocation.host, report.fence_ms));
                return Facts{{"fence_ms", report.fence_ms},
                             {"flip_ms", times.flip.count()},
                             {"files_ms", times.files.count()},
                             {"files_copied", times.files_copied}};
            },
            .undo = [this](Context const& context,
                           ActionRecord const&) { return undo_database(context); },
            .if_undo_fails = IfUndoFails::Stop};
}

Action Migration::finalize_database() {
    return {.name = "complete/database",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                auto* const move = TRY(database_move(context));
                if (TRY(database()).state != mover::State::Finalized) {
                    TRY(move->start());
                    TRY(move->finalize(context));
                }
                auto const back = TRY(files_.carry(context, Files::Way::Back));
                return Facts{{"files_back", back.copied}};
            }};
}

Action Migration::dismiss_mover() {
    return {.name = "complete/mover",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                TRY(remove_mover_user(context, work_, work_.relocation.from));
                TRY(remove_mover_user(context, work_, work_.relocation.to));
                return Facts();
            }};
}

// Between two looks of the observer: the old home's files stay current, too.
void Migration::carry_files_back(Context const& context) {
    auto const now = work_.clock.now();
    if (files_back_at_ != SteadyTime() && now - files_back_at_ < kBetweenFilesBack) return;
    files_back_at_ = now;
    auto const carried = files_.carry(context, Files::Way::Back);
    // The next pass does it, and the rollback's own.
    if (!carried.ok()) work_.say("files back: " + carried.error().message());
}

std::vector<Action> Migration::actions_of(Step step) {
    switch (step) {
        case Step::Backup:
            return backup_actions(work_);
        case Step::Provision:
            return provision_actions(work_);
        case Step::Database:
            return {begin_database(), follow_database()};
        case Step::Files:
            return files_.actions();
        case Step::Validate:
            return {compare_data(), visits_.baseline()};
        case Step::Routing:
            return {wait_for_ttl(work_), switch_over(), visits_.check_new_home(), map_hosts(work_),
                    point_record(work_)};
        case Step::Observe:
            return {visits_.watch([this](Context const& context) { carry_files_back(context); })};
        case Step::Complete:
            return {finalize_database(), raise_ttl(work_), dismiss_mover()};
    }
    return {};
}

}  // namespace aipress::migration
