#include "pooler/drift.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "pooler/statements.h"

namespace aipress::pooler {
namespace {

// By user.
using Strangers = std::map<std::string, Drift>;

Result<Strangers> find_strangers(Context const& context, ProxySql& proxysql,
                                 std::vector<TenantEntry> const& wanted) {
    Strangers strangers;
    for (auto const layer : kLayers) {
        auto const all = TRY(proxysql.list_tenants(context, layer));
        for (auto const& state : all) {
            bool const is_wanted =
                std::any_of(wanted.begin(), wanted.end(),
                            [&](TenantEntry const& entry) { return entry.user == state.user; });
            if (is_wanted) continue;
            auto& drift = strangers[state.user];
            drift.tenant = state.tenant;
            drift.user = state.user;
            drift.is_wanted = false;
            drift.differences.push_back(
                fmt::format("{}: the user is not wanted", to_string(layer)));
        }
    }
    return strangers;
}

}  // namespace

Result<std::vector<Drift>> find_drift(Context const& context, ProxySql& proxysql,
                                      std::vector<TenantEntry> const& wanted) {
    std::vector<Drift> found;
    for (auto const& entry : wanted) {
        auto differences = TRY(proxysql.differences(context, entry));
        if (differences.empty()) continue;
        found.push_back(
            {.tenant = entry.tenant, .user = entry.user, .differences = std::move(differences)});
    }
    auto strangers = TRY(find_strangers(context, proxysql, wanted));
    for (auto& [user, drift] : strangers) found.push_back(std::move(drift));
    return found;
}

Result<std::vector<Drift>> repair_drift(Context const& context, ProxySql& proxysql,
                                        std::vector<TenantEntry> const& wanted) {
    auto found = TRY(find_drift(context, proxysql, wanted));
    for (auto const& drift : found) {
        if (!drift.is_wanted) {
            TRY(proxysql.forget_tenant(context, drift.tenant, drift.user).in_context(drift.user));
            continue;
        }
        auto const entry = std::find_if(wanted.begin(), wanted.end(), [&](TenantEntry const& one) {
            return one.user == drift.user;
        });
        TRY(proxysql.ensure_tenant(context, *entry).in_context(drift.user));
    }
    return found;
}

}  // namespace aipress::pooler
