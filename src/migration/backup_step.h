// The tenant's backup, taken and proven before anything of the tenant is touched.
#pragma once

#include <vector>

#include "backup/backups.h"
#include "migration/action.h"
#include "migration/workspace.h"

namespace aipress::migration {

// The mover's users, for whom the dump is tried; the backup; its proof. What is made for the proof
// is undone with the rest, the backup stays.
[[nodiscard]] std::vector<Action> backup_actions(Workspace const& work);

[[nodiscard]] backup::Vault vault_of(fleet::Relocation const& relocation, Options const& options);
// Taken and proven without a migration: the dump is tried on the home's own instance, by a user
// that is there for so long. Errors: as backup::Backups'.
[[nodiscard]] Result<backup::Proof> back_up(Context const& context, Cloud const& cloud,
                                            fleet::Relocation const& relocation,
                                            Options const& options, std::string const& id,
                                            backup::Progress const& progress);

struct Restoring {
    std::string tenant = {};
    std::string backup = {};  // its id; "": the latest that counts
    backup::DatabaseChoice choice = backup::DatabaseChoice::OnlyEmpty;
};
// Into relocation.from. Errors: NotFound when there is no backup; as backup::Backups'.
[[nodiscard]] Result<backup::RestorePlan> plan_restore(Context const& context, Cloud const& cloud,
                                                       fleet::Relocation const& relocation,
                                                       Options const& options,
                                                       Restoring const& restoring);
[[nodiscard]] Result<backup::RestoreReport> restore(Context const& context, Cloud const& cloud,
                                                    fleet::Relocation const& relocation,
                                                    Options const& options,
                                                    Restoring const& restoring,
                                                    backup::Progress const& progress);

// The tenant's home as the site itself sees it.
[[nodiscard]] Result<backup::Site> site_of(Context const& context, Cloud const& cloud,
                                           fleet::Relocation const& relocation);

}  // namespace aipress::migration
