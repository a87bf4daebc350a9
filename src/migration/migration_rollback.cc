// Back home: what it costs is found out and accepted before anything is touched.
#include <filesystem>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "migration/backup_step.h"
#include "migration/migration.h"
#include "mover/state.h"

namespace aipress::migration {
namespace {

constexpr std::string_view kExamine = "rollback/examine";
constexpr char const* kDifference = "rollback/difference";
constexpr char const* kNewDatabase = "provision/database";

std::string join_reasons(std::string const& reason, ReturnPlan const& plan) {
    if (plan.by == ReturnBy::Stream) return reason;
    return fmt::format("{}; {}; {}", reason, plan.cause, plan.loss());
}

}  // namespace

Result<void> Migration::roll_back(Context const& context, RollbackOrder const& order) {
    accept_loss_ = order.accept_loss;
    return while_held(context, [&](Context const& held) -> Result<void> {
        if (journal_->content().is_begun("complete/database")) {
            return Error(ErrorCode::FailedPrecondition,
                         fmt::format("it is completed, and the old home is not current any more; "
                                     "what is left is the backup: `aipress tenant restore {}`",
                                     work_.relocation.tenant));
        }
        return finish_rollback(held, order.reason);
    });
}

// Of a database that is served by its new home there is something to be lost.
Result<bool> Migration::is_switched_over() const {
    if (!journal_->content().is_begun("routing/switch")) return false;
    if (!std::filesystem::exists(database_journal())) return false;
    auto const report = TRY(database());
    return report.owner == "target" && !mover::is_terminal(report.state);
}

Result<ReturnPlan> Migration::accepted_return() const {
    auto const content = journal_->content();
    if (!content.is_done(kExamine)) return ReturnPlan();
    return return_plan_of(content.facts(kExamine)).in_context("the journal");
}

// What was accepted once stays so: behind a restored backup there is nothing to be examined.
Result<ReturnPlan> Migration::examine_return(Context const& context, std::string const& reason) {
    auto const accepted = TRY(accepted_return());
    if (accepted.by != ReturnBy::Stream || !TRY(is_switched_over())) return accepted;
    bool is_loss = false;
    Action const examine{
        .name = std::string(kExamine),
        .act = [&](Context const& during, Facts const&) -> Result<Facts> {
            auto const options = TRY(move_options(during));
            auto const found = TRY(mover::examine_way_back(during, database_journal(), options));
            auto const content = journal_->content();
            // Without that word the stream is tried again: somebody may have mended it.
            auto const difference =
                accept_loss_ ? gcp::text_of(content.facts(kDifference), "what") : std::string();
            auto const taken_at = gcp::text_of(content.facts("backup/take"), "taken_at");
            auto const plan = plan_return(found, TRY(database()).rows_changed,
                                          {.id = work_.id, .taken_at = taken_at}, difference);
            if (plan.by == ReturnBy::Stream || accept_loss_) return to_json(plan);
            is_loss = true;
            return Error(ErrorCode::FailedPrecondition,
                         fmt::format("{}. Going back now, {}", plan.cause, plan.loss()));
        }};
    auto const done = perform(context, *journal_, examine, Repeat::Always);
    if (done.ok()) return return_plan_of(done.value());
    auto const& tenant = work_.relocation.tenant;
    alert(context, alerts::Severity::Critical,
          is_loss ? "a rollback would lose writes" : "rollback stands still",
          fmt::format("{}; wanted because {}", done.error().message(), reason),
          is_loss ? fmt::format("aipress tenant rollback {0} --accept-loss {0}", tenant)
                  : "aipress tenant rollback " + tenant);
    return done.error();
}

// While the new home still serves. Its files come first: what was uploaded since the backup stays.
Action Migration::restore_old_home() {
    return {.name = "rollback/restore",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                // Nothing is to be carried into what is put there.
                if (database_) database_->stop();
                TRY(files_.carry(context, Files::Way::Back));
                auto const report =
                    TRY(restore(context, work_.cloud, work_.relocation, work_.options,
                                {.tenant = work_.relocation.tenant,
                                 .backup = work_.id,
                                 .choice = backup::DatabaseChoice::Replace},
                                work_.say));
                return backup::to_json(report);
            }};
}

std::vector<Action> Migration::actions_to_undo(ReturnPlan const& plan) {
    std::vector<Action> all;
    for (auto const step : kAllSteps) {
        for (auto& action : actions_of(step)) {
            // The only copy of what is lost: it is closed, and whoever needs it no more drops it.
            if (plan.by != ReturnBy::Stream && action.name == kNewDatabase) continue;
            all.push_back(std::move(action));
        }
    }
    return all;
}

Result<void> Migration::finish_rollback(Context const& context, std::string const& reason) {
    auto const& tenant = work_.relocation.tenant;
    auto const plan = TRY(examine_return(context, reason));
    if (journal_->content().state != State::RollingBack) {
        auto const why = join_reasons(reason, plan);
        TRY(journal_->set_state(State::RollingBack, why));
        alert(context, alerts::Severity::Critical, "rolling back", why,
              "aipress tenant why " + tenant);
    }
    work_.say("rolling back: " + journal_->content().reason);
    Result<void> undone;
    if (plan.by == ReturnBy::Backup) {
        handover_.leave_old_files();
        auto const restored = perform(context, *journal_, restore_old_home(), Repeat::Never);
        if (!restored.ok()) undone = restored.error();
    }
    if (undone.ok()) undone = undo_all(context, *journal_, actions_to_undo(plan));
    if (undone.ok()) undone = visits_.check_old_home(context);
    if (!undone.ok()) {
        auto next = "aipress tenant rollback " + tenant;
        // The two sides differ, as a comparison of every row found.
        if (undone.error().code() == ErrorCode::DataLoss && TRY(is_switched_over())) {
            TRY(journal_->note(kDifference, Event::Done, {{"what", undone.error().message()}}));
            next += fmt::format(
                " when the old database is mended, or {} --accept-loss {} for the backup", next,
                tenant);
        }
        alert(context, alerts::Severity::Critical, "rollback stands still",
              undone.error().message(), next);
        return undone;
    }
    auto ended = journal_->content().reason;
    if (plan.by != ReturnBy::Stream) {
        ended +=
            fmt::format("; what was written there is kept in the database {} of the instance {}",
                        work_.relocation.to.database, work_.relocation.to.instance);
        work_.say("rolled back: " + plan.loss());
    }
    TRY(journal_->set_state(State::RolledBack, ended));
    alert(context, alerts::Severity::Warning, "rolled back", ended,
          "aipress tenant history " + tenant);
    return {};
}

}  // namespace aipress::migration
