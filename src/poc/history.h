// What monitoring and logging know of a tenant before anybody looks: its traffic as its class has
// it. The log goes back a week; Cloud Monitoring takes no point that is older than 25 hours, so
// its series go back a day.
#pragma once

#include "poc/google.h"
#include "poc/tenant.h"

namespace aipress::poc {

// The metrics' descriptors, once for the project.
[[nodiscard]] Result<void> make_metrics(Google& google);
// `end`: the last full hour before it is the last of the history, in every run.
[[nodiscard]] Result<void> write_history(Google& google, Tenant const& tenant, WallTime end);

// How many requests the tenant has in the hour that begins then.
[[nodiscard]] unsigned requests_in(Tenant const& tenant, WallTime hour);

}  // namespace aipress::poc
