// Reserved IP addresses and ranges, global and regional.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

void serve_addresses(Methods& methods, ResourcesPointer const& resources);

// An external address that nothing else in this sandbox has; `owner`: a path. It is given back by
// release_external(). Errors: PermissionDenied when there are no more.
[[nodiscard]] Outcome<std::string> take_external(Transaction& transaction, std::string_view owner);
// "": nobody has it.
[[nodiscard]] Outcome<std::string> owner_of_external(Transaction& transaction,
                                                     std::string_view address);
// Nothing when it is no external address of the owner.
[[nodiscard]] Outcome<Done> release_external(Transaction& transaction, std::string_view address,
                                             std::string_view owner);

}  // namespace aipress::sandbox::compute
