// Where a tenant lives now, read off what its site really uses, and where its shard would have it.
#pragma once

#include <string>

#include "fleet/home.h"
#include "fleet/shard.h"
#include "migration/cloud.h"

namespace aipress::migration {

// The tenant is the Cloud Run service of that name in the project; its database, bucket and
// password are those of the service's revision template; its hosts are those that are mapped to
// it. Changes nothing. Errors: NotFound when there is no such service; FailedPrecondition, with
// what is missing or not understood.
[[nodiscard]] Result<fleet::Relocation> find_relocation(Context const& context, Cloud const& cloud,
                                                        std::string const& tenant,
                                                        std::string const& project,
                                                        fleet::Shard const& shard);

}  // namespace aipress::migration
