// Accounts on the two database servers, and what they may do there.
#pragma once

#include <string>

#include "migration/workspace.h"
#include "mysql/endpoint.h"

namespace aipress::migration {

// Where an instance answers: its private address before its public one. Errors:
// FailedPrecondition when it has none or does not run.
[[nodiscard]] Result<mysql::Endpoint> find_server(Context const& context, Cloud const& cloud,
                                                  gcp::SqlInstanceName const& name);

// As the mover on either side, with its password and the tenant's database.
[[nodiscard]] Result<mysql::Endpoint> mover_endpoint(Context const& context, Workspace const& work,
                                                     fleet::Home const& home);

// The mover's own user on an instance: one of Cloud SQL's, which may do what root may. Safe to
// repeat.
Result<void> ensure_mover_user(Context const& context, Workspace const& work,
                               fleet::Home const& home);
Result<void> remove_mover_user(Context const& context, Workspace const& work,
                               fleet::Home const& home);

// The tenant's user on the shared instance, with all rights on its own database and no other: by
// SQL, for users of Cloud SQL's API may see every database. Safe to repeat.
Result<void> ensure_tenant_user(Context const& context, Workspace const& work,
                                gcp::Secret const& password);
Result<void> remove_tenant_user(Context const& context, Workspace const& work);
// Logged in as that user: sees its own schema only. Errors: DataLoss when it sees another.
Result<void> check_tenant_user(Context const& context, Workspace const& work,
                               gcp::Secret const& password);

}  // namespace aipress::migration
