// The tenant's Terraform states, kept encrypted, for there are passwords in them: "terraform/" and
// the state's own name and ".sealed.json".
#pragma once

#include <string>
#include <vector>

#include "backup/folder.h"
#include "backup/site.h"
#include "backup/tenant_key.h"

namespace aipress::backup {

// The states in the bucket that are the tenant's: a folder in their name is the tenant's, or, where
// no name is, they declare the site's service, instance or bucket. Errors: FailedPrecondition when
// no name tells and there are too many to be searched.
[[nodiscard]] gcp::Outcome<std::vector<gcp::Object>> find_states(Context const& context,
                                                                 gcp::Connection const& connection,
                                                                 std::string const& bucket,
                                                                 Site const& site);

// Names of what it has written, in the folder. Errors: FailedPrecondition for one of more than
// inventory::limits::kStateFileBytes.
[[nodiscard]] gcp::Outcome<std::vector<std::string>> keep_states(
    Context const& context, gcp::Connection const& connection,
    std::vector<gcp::Object> const& states, Folder const& folder, TenantKey const& key);

// The state in such an object. Errors: DataLoss.
[[nodiscard]] Result<gcp::Secret> open_state(std::string_view name, std::string_view text,
                                             TenantKey const& key);
[[nodiscard]] bool is_state(std::string_view name);

}  // namespace aipress::backup
