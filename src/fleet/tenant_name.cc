#include "fleet/tenant_name.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::fleet {

Result<void> check_tenant_name(std::string_view tenant) {
    auto const is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    bool const is_good = !tenant.empty() && tenant.size() <= kLongestTenant &&
                         is_letter(tenant.front()) && tenant.back() != '-' &&
                         std::all_of(tenant.begin(), tenant.end(), [&](char c) {
                             return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
                         });
    if (is_good) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is no tenant's name: lower-case letters, digits and hyphens, a "
                             "letter first, at most {} characters",
                             tenant, kLongestTenant));
}

}  // namespace aipress::fleet
