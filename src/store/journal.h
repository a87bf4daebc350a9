// The journals of tenants' migrations, for whoever works on them from whatever machine. Every
// function that writes does so under a lease (lease.h): a worker that has lost it writes nothing.
//
// Each is safe to run again after a lost answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/lease.h"
#include "store/table.h"

namespace aipress::store {

// "migration/ID": what is claimed before anything of a migration is written.
[[nodiscard]] std::string migration_lease(std::string_view migration);
// "completed", "rolled-back": nothing is to be done any more, and the tenant may begin another.
[[nodiscard]] bool is_over(std::string_view state);

// The tenant's migration that is not over.
[[nodiscard]] Result<std::optional<Migration>> migration_under_way(sql::Transaction& transaction,
                                                                   std::string const& tenant);
// Those that are not over, by id, behind `after`: what a worker looks through.
[[nodiscard]] Result<std::vector<Migration>> migrations_under_way(sql::Transaction& transaction,
                                                                  std::string const& after,
                                                                  std::size_t most);
// Errors: AlreadyExists when the tenant has another one under way, of whatever worker.
[[nodiscard]] Result<Migration> begin_migration(sql::Transaction& transaction, Lease const& lease,
                                                Migration const& migration);
// `step.sequence` is the number of entries so far and one more; a step that changes the migration's
// state changes it in the same transaction. The migration as it is then. Errors: FailedPrecondition
// when the lease was lost; Aborted when another entry has that number.
[[nodiscard]] Result<Migration> append_step(sql::Transaction& transaction, Lease const& lease,
                                            Step const& step);
// In order, behind `after` (0: from the first), at most `most`.
[[nodiscard]] Result<std::vector<Step>> steps_of(sql::Transaction& transaction,
                                                 std::string const& migration, std::int64_t after,
                                                 std::size_t most);

}  // namespace aipress::store
