// One tenant's migration, carried as far as it is asked to be, or back.
//
// Every process that has it holds the journal's lock and the lease at Google. A step that fails
// leaves the migration where its journal says; run() again carries on. What an observer or a
// comparison finds wrong behind the switch is taken back at once, by itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/alerts.h"
#include "fleet/shard.h"
#include "migration/action.h"
#include "migration/database_move.h"
#include "migration/files.h"
#include "migration/folder.h"
#include "migration/handover.h"
#include "migration/lease.h"
#include "migration/return_plan.h"
#include "migration/site_visits.h"
#include "migration/step.h"
#include "migration/workspace.h"

namespace aipress::migration {

// What all migrations of a process share. It outlives them.
struct MigrationParts {
    Cloud const& cloud;
    Clock& clock;
    Probe& probe;
    alerts::Alerts& alerts;
    MigrationFolder folder;
    Surroundings surroundings = {};
    std::function<void(std::string_view)> say = [](std::string_view) {};
};

struct MigrationOrder {
    std::string tenant = {};
    std::string project = {};  // that it leaves
    fleet::Shard shard = {};
    Options options = {};
};

// What would be done, from a look that changes nothing.
struct MigrationPlan {
    fleet::Relocation relocation = {};
    unsigned shard_sites = 0;
    unsigned shard_capacity = 0;
};
// Errors: what speaks against it: the shard is full or takes none, the tenant is not found.
[[nodiscard]] Result<MigrationPlan> plan_migration(Context const& context, Cloud const& cloud,
                                                   MigrationOrder const& order);

// Not thread safe.
class Migration {
public:
    // A new one. Errors: those of plan_migration(); AlreadyExists when one is under way;
    // Unavailable when another process works on the tenant.
    [[nodiscard]] static Result<std::unique_ptr<Migration>> begin(Context const& context,
                                                                  MigrationParts const& parts,
                                                                  MigrationOrder const& order);
    // The tenant's last one, if it is not over. Errors: NotFound; Unavailable when another process
    // works on it; DataLoss.
    [[nodiscard]] static Result<std::unique_ptr<Migration>> carry_on(Context const& context,
                                                                     MigrationParts const& parts,
                                                                     std::string const& tenant);
    ~Migration();
    Migration(Migration const&) = delete;
    Migration& operator=(Migration const&) = delete;

    // All steps up to `last`, Observe or Complete, that are not done; those from `again` on are
    // done again. Errors: of the step, by whose name they begin; Aborted when it was rolled back by
    // itself.
    Result<void> run(Context const& context, Step last, std::optional<Step> again = std::nullopt);
    // One step, and what it needs of those before it has to be done. Errors: FailedPrecondition
    // when it is not.
    Result<void> run_by_hand(Context const& context, Step step);

    struct RollbackOrder {
        std::string reason = {};
        bool accept_loss = false;  // writes behind a way back that is broken
    };
    // From wherever it is. Errors: FailedPrecondition when it is completed, or when writes would be
    // lost and that was not accepted: nothing was touched then, and it says how many they would be
    // and what would serve, see return_plan.h.
    Result<void> roll_back(Context const& context, RollbackOrder const& order);

    [[nodiscard]] JournalContent content() const { return journal_->content(); }
    [[nodiscard]] fleet::Relocation const& relocation() const { return work_.relocation; }
    // Of the mover, as far as it is known. Errors: NotFound before it began.
    [[nodiscard]] Result<mover::Report> database() const;

private:
    Migration(MigrationParts const& parts, std::unique_ptr<Journal> journal,
              std::unique_ptr<Lease> lease, Options options);

    // migration_steps.cc
    [[nodiscard]] std::vector<Action> actions_of(Step step);
    [[nodiscard]] Action begin_database();
    [[nodiscard]] Action follow_database();
    [[nodiscard]] Action compare_data();
    [[nodiscard]] Action switch_over();
    [[nodiscard]] Action finalize_database();
    [[nodiscard]] Action dismiss_mover();
    Result<void> undo_database(Context const& context);
    void carry_files_back(Context const& context);
    [[nodiscard]] Result<mover::MoveOptions> move_options(Context const& context) const;
    // Made when it is first asked for: its passwords are there by then.
    Result<DatabaseMove*> database_move(Context const& context);
    [[nodiscard]] std::string database_journal() const;

    Result<void> run_step(Context const& context, Step step, Repeat repeat);
    // The same; undone with all before it when it fails for a reason to go back.
    Result<void> run_or_go_back(Context const& context, Step step, Repeat repeat);
    // What the last step that was done makes of the migration, told once.
    Result<void> note_arrival(Context const& context, Step last);
    Result<void> check_not_going_back() const;
    Result<void> check_ready_for(Step step) const;
    Result<void> check_not_switched() const;
    [[nodiscard]] bool is_reason_to_go_back(Step step, Error const& error) const;
    // migration_rollback.cc
    Result<void> finish_rollback(Context const& context, std::string const& reason);
    Result<ReturnPlan> examine_return(Context const& context, std::string const& reason);
    // What was found, and accepted where it loses writes; by the stream before anybody has looked.
    [[nodiscard]] Result<ReturnPlan> accepted_return() const;
    [[nodiscard]] Action restore_old_home();
    [[nodiscard]] std::vector<Action> actions_to_undo(ReturnPlan const& plan);
    [[nodiscard]] Result<bool> is_switched_over() const;
    void alert(Context const& context, alerts::Severity severity, std::string const& what,
               std::string const& why, std::string const& next);
    // The same, called off when the lease is lost; what that leads to is explained.
    Result<void> while_held(Context const& context,
                            std::function<Result<void>(Context const&)> const& work);

    MigrationParts const& parts_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Lease> lease_;
    Workspace work_;
    Files files_;
    Handover handover_;
    SiteVisits visits_;
    std::unique_ptr<DatabaseMove> database_;
    bool accept_loss_ = false;
    SteadyTime files_back_at_;
};

}  // namespace aipress::migration
