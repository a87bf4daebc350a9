// What the tenant's service may do: read its own secrets, its own folder of the shared bucket,
// reach the shared instance. And nothing of other tenants.
#pragma once

#include "migration/workspace.h"

namespace aipress::migration {

// The service account of the service there, as a member of policies; the project's default one
// where the service names none.
[[nodiscard]] Result<std::string> member_of(Context const& context, Workspace const& work,
                                            fleet::Home const& home);

// Of the new home's service account. Safe to repeat.
Result<void> grant_access(Context const& context, Workspace const& work);
Result<void> revoke_access(Context const& context, Workspace const& work);

// Lets the home's service read the secret.
Result<void> let_service_read(Context const& context, Workspace const& work,
                              fleet::Home const& home, gcp::SecretName const& secret);

// The files of a folder, by a condition: objects below it, and lists of what is below it.
[[nodiscard]] gcp::IamBinding folder_binding(std::string const& bucket, std::string const& prefix,
                                             std::string const& member);

}  // namespace aipress::migration
