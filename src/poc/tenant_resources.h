// A tenant's own resources: secrets, database server, bucket with its uploads, service, name.
#pragma once

#include "poc/google.h"
#include "poc/seed.h"
#include "poc/tenant.h"

namespace aipress::poc {

// Everything that has to be there before the site is installed, of either scope. Returns the
// instance as Cloud SQL shows it. Errors: FailedPrecondition when a resource of that name is there
// and is another one.
[[nodiscard]] Result<boost::json::value> make_resources(Google& google, Tenant const& tenant,
                                                        Scope scope);
// The Terraform state, when all of it is there.
[[nodiscard]] Result<void> write_state(Google& google, Tenant const& tenant, Scope scope,
                                       boost::json::value instance);

// Cloud SQL does one thing at a time on an instance: waits until nothing is under way.
[[nodiscard]] Result<void> settle_instance(Google& google, Tenant const& tenant);
// The WordPress database, and the user that may use it.
[[nodiscard]] Result<void> make_database(Google& google, Tenant const& tenant);
// "sqladmin.googleapis.com/v1/projects/…/instances/tenant-001-db"
[[nodiscard]] std::string instance_path(Tenant const& tenant);
// An operation of Cloud SQL that has just been asked for.
[[nodiscard]] Result<void> wait_for_sql(Google& google, boost::json::value const& operation);

}  // namespace aipress::poc
