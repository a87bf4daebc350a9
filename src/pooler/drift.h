// A whole ProxySQL held against the tenants that it is to have.
#pragma once

#include <string>
#include <vector>

#include "pooler/proxysql.h"

namespace aipress::pooler {

struct Drift {
    std::string tenant = {};
    std::string user = {};
    // As ProxySql::differences() words them; of a tenant that is not wanted: "memory: the user is
    // not wanted".
    std::vector<std::string> differences = {};
    bool is_wanted = true;
};

// Those that differ, in the order of `wanted`; then tenants' entries that nobody wants. What has no
// tenant's comment is not looked at. Errors: as differences().
[[nodiscard]] Result<std::vector<Drift>> find_drift(Context const& context, ProxySql& proxysql,
                                                    std::vector<TenantEntry> const& wanted);
// Makes it as wanted; the answer is what was mended. Safe to repeat. Errors: of the first that
// cannot be mended, by whose user they begin; those before it are mended.
Result<std::vector<Drift>> repair_drift(Context const& context, ProxySql& proxysql,
                                        std::vector<TenantEntry> const& wanted);

}  // namespace aipress::pooler
