// What everyone may do without credentials: as the bucket's IAM policy, or an object's ACL, grants
// it to allUsers. https://cloud.google.com/storage/docs/access-control/making-data-public
#pragma once

#include <string_view>

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// `permission`: "storage.objects.get". `object` may be nullptr. A conditional grant counts as none:
// the sandbox evaluates no conditions.
[[nodiscard]] Outcome<bool> may_everyone(Transaction& transaction, Document const& bucket,
                                         StoredObject const* object, std::string_view permission);

// Whether the bucket's objects have no ACLs.
[[nodiscard]] bool has_uniform_access(Document const& bucket);

// The ACL of an object that everyone may read.
[[nodiscard]] boost::json::array public_read_acl();

}  // namespace aipress::sandbox
