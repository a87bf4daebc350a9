// What watches a tenant: a check of its front page, and an alert when its service fails.
#pragma once

#include "poc/google.h"
#include "poc/tenant.h"

namespace aipress::poc {

// An uptime check and an alert policy, each once however often this is repeated.
[[nodiscard]] Result<void> watch_site(Google& google, Tenant const& tenant);

}  // namespace aipress::poc
