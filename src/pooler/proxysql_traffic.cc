// A tenant's traffic held back at ProxySQL, and let go.
#include <fmt/format.h>

#include "pooler/proxysql.h"
#include "pooler/statements.h"

namespace aipress::pooler {
namespace {

constexpr milliseconds kBetweenLooks{20};  // ProxySQL tells nobody when a transaction is over

Error unknown(std::string const& user) {
    return {ErrorCode::NotFound, fmt::format("ProxySQL has no user '{}' of a tenant", user)};
}

}  // namespace

Result<void> ProxySql::set_status(Context const& context, unsigned hostgroup, std::string_view from,
                                  std::string_view to) {
    TRY(connection_.execute(
        context, fmt::format("UPDATE {} SET status = '{}' WHERE hostgroup_id = {} AND status = "
                             "'{}'",
                             table(Layer::Memory, "mysql_servers"), to, hostgroup, from)));
    TRY(connection_.execute(context, "LOAD MYSQL SERVERS TO RUNTIME"));
    TRY(connection_.execute(context, "SAVE MYSQL SERVERS TO DISK"));
    return {};
}

Result<void> ProxySql::wait_until_idle(Context const& context, TenantState const& tenant) {
    for (;;) {
        auto const used = TRY(connection_.query(
            context, fmt::format("SELECT SUM(ConnUsed) FROM stats_mysql_connection_pool WHERE "
                                 "hostgroup = {}",
                                 tenant.hostgroup)));
        auto const count = number(used.scalar().value_or("0"));
        if (count == 0) return {};
        if (context.sleep(kBetweenLooks)) continue;
        if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
        return Error(ErrorCode::DeadlineExceeded,
                     fmt::format("{} connections of '{}' are still in use; its traffic stays "
                                 "paused",
                                 count, tenant.user));
    }
}

Result<void> ProxySql::pause_tenant(Context const& context, std::string const& user) {
    auto const tenant = TRY(read_tenant(context, user, Layer::Memory));
    if (!tenant || tenant->tenant.empty()) return unknown(user);
    if (!TRY(is_hostgroup_free(context, tenant->hostgroup, user))) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the hostgroup {} of '{}' is others' too: they would be paused "
                                 "with it",
                                 tenant->hostgroup, user));
    }
    TRY(set_status(context, tenant->hostgroup, "ONLINE", kPaused));
    return wait_until_idle(context, *tenant);
}

Result<void> ProxySql::resume_tenant(Context const& context, std::string const& user) {
    auto const tenant = TRY(read_tenant(context, user, Layer::Memory));
    if (!tenant || tenant->tenant.empty()) return unknown(user);
    return set_status(context, tenant->hostgroup, kPaused, "ONLINE");
}

}  // namespace aipress::pooler
