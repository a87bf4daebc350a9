// A tenant's WordPress: installed by its own installer, over HTTP, then filled by an import.
#pragma once

#include "poc/google.h"
#include "poc/seed.h"
#include "poc/tenant.h"

namespace aipress::poc {

// REQUIRES: make_resources() of Scope::Sites. A site that has been filled is left as it is, with
// whatever its visitors have written.
[[nodiscard]] Result<void> install_site(Google& google, Tenant const& tenant);
// As the site and its bucket show it. Errors: Internal when the site does not serve its front page.
[[nodiscard]] Result<TenantSummary> look_at_site(Google& google, Tenant const& tenant);

}  // namespace aipress::poc
