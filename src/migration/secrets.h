// Passwords that a migration makes, in Secret Manager and nowhere else.
#pragma once

#include <string>

#include "migration/cloud.h"

namespace aipress::migration {

// The secret of that name, labelled as the tenant's; made when there is none. Its latest version
// is `payload`, or what is there already when `payload` is nullptr: then one is made of
// random_password(). Safe to repeat. Errors: AlreadyExists when it is not the tenant's.
[[nodiscard]] Result<gcp::Secret> ensure_secret(Context const& context, Cloud const& cloud,
                                                gcp::SecretName const& name,
                                                std::string const& tenant,
                                                gcp::Secret const* payload = nullptr);
// Nothing when there is none. Errors: FailedPrecondition when it is not labelled as the tenant's.
Result<void> remove_secret(Context const& context, Cloud const& cloud, gcp::SecretName const& name,
                           std::string const& tenant);

}  // namespace aipress::migration
