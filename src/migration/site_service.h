// The tenant's Cloud Run services: the old one as it is, the new one made after it.
#pragma once

#include <string>
#include <vector>

#include "migration/action.h"
#include "migration/workspace.h"

namespace aipress::migration {

// Secrets of the old project that the old service reads, but for the database's password.
[[nodiscard]] Result<std::vector<std::string>> secrets_of_service(Context const& context,
                                                                  Workspace const& work);

// {"charset", "collation"} of the old database. Errors: AlreadyExists when the shared instance has
// a database of the tenant's name.
[[nodiscard]] Result<Facts> look_at_database(Context const& context, Workspace const& work);

// The new service, ready, as the old one is but for its database, files and account; open to whom
// the old one is open to. The answer is its URL. Safe to repeat. Errors: AlreadyExists when a
// service of that name is not the tenant's.
[[nodiscard]] Result<std::string> ensure_service(Context const& context, Workspace const& work);
Result<void> remove_service(Context const& context, Workspace const& work);

// The old service's revision that serves from the new home, without visitors.
[[nodiscard]] Action old_revision(Workspace const& work);

}  // namespace aipress::migration
