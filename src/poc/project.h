// The project that all tenants share: billing, APIs, zones, buckets, metrics.
#pragma once

#include "poc/google.h"
#include "poc/seed.h"

namespace aipress::poc {

struct ProjectFacts {
    WallTime created_at = {};  // the history of the sites ends there
};
// Errors: FailedPrecondition when the project was made with another seed or scope.
[[nodiscard]] Result<ProjectFacts> prepare_project(Google& google, SeedOptions const& options);
// The names of all tenants, in as many zones as it takes.
[[nodiscard]] Result<void> publish_names(Google& google, unsigned tenants);

}  // namespace aipress::poc
