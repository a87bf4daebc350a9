// What a tenant may be called.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace aipress::fleet {

inline constexpr std::size_t kLongestTenant = 30;

// Safe in a path and in Google's names: lower-case letters, digits and hyphens, a letter first, at
// most kLongestTenant. Errors: InvalidArgument, with the rule.
Result<void> check_tenant_name(std::string_view tenant);

}  // namespace aipress::fleet
