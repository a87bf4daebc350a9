#include "migration/pooler_entry.h"

#include <fmt/format.h>

#include "json/fields.h"
#include "migration/sql_accounts.h"
#include "mysql/connection.h"
#include "pooler/proxysql.h"

namespace aipress::migration {
namespace {

constexpr std::uint16_t kTrafficPort = 6033;

Result<pooler::ProxySql> open_admin(Context const& context, Workspace const& work,
                                    Pooler const& pooler) {
    auto admin = pooler.admin;
    if (admin.password.empty()) admin.password = work.surroundings.pooler_password.reveal();
    if (admin.password.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the password of {} at ProxySQL is not known: set "
                                 "AIPRESS_POOLER_PASSWORD",
                                 admin.user));
    }
    return pooler::ProxySql::open(context, admin)
        .in_context(fmt::format("ProxySQL at {}:{}", admin.host, admin.port));
}

Result<gcp::Secret> tenant_password(Context const& context, Workspace const& work) {
    auto const& home = work.relocation.to;
    return Result<gcp::Secret>(TRY(work.cloud.secrets.access_version(
        context, {.project = home.project, .secret = home.password_secret}, "latest")));
}

// As the site will.
Result<void> log_in(Context const& context, Workspace const& work, Pooler const& pooler,
                    gcp::Secret const& password) {
    auto const& home = work.relocation.to;
    mysql::Endpoint endpoint;
    endpoint.host = pooler.traffic_host;
    endpoint.port = pooler.traffic_port;
    endpoint.user = home.user;
    endpoint.password = password.reveal();
    endpoint.database = home.database;
    auto connection = TRY(mysql::Connection::open(context, endpoint, {.is_database = false})
                              .in_context(fmt::format("logging in as {} by ProxySQL at {}:{}",
                                                      home.user, endpoint.host, endpoint.port)));
    auto const seen = TRY(connection.query(context, "SELECT DATABASE()"));
    if (seen.scalar() == home.database) return {};
    return Error(
        ErrorCode::FailedPrecondition,
        fmt::format("ProxySQL at {}:{} leads {} to the database '{}', not to '{}'", endpoint.host,
                    endpoint.port, home.user, seen.scalar().value_or(""), home.database));
}

Result<Facts> enter(Context const& context, Workspace const& work, unsigned hostgroup) {
    auto const pooler = TRY(pooler_of(work.options));
    auto const& home = work.relocation.to;
    auto const server =
        TRY(find_server(context, work.cloud, {.project = home.project, .instance = home.instance}));
    auto const password = TRY(tenant_password(context, work));
    auto proxysql = TRY(open_admin(context, work, *pooler));
    TRY(proxysql.ensure_tenant(context, {.tenant = work.relocation.tenant,
                                         .user = home.user,
                                         .password = password.reveal(),
                                         .schema = home.database,
                                         .hostgroup = hostgroup,
                                         .host = server.host,
                                         .port = server.port}));
    TRY(log_in(context, work, *pooler, password));
    return Facts{{"hostgroup", hostgroup},
                 {"address", fmt::format("{}:{}", pooler->traffic_host, pooler->traffic_port)}};
}

}  // namespace

Result<std::optional<Pooler>> pooler_of(Options const& options) {
    if (options.pooler.empty()) {
        if (options.pooler_address.empty()) return std::optional<Pooler>();
        return Error(ErrorCode::InvalidArgument, "--pooler-address: --pooler is missing");
    }
    Pooler pooler;
    pooler.admin = TRY(mysql::parse_url(options.pooler).in_context("--pooler"));
    pooler.traffic_host = pooler.admin.host;
    pooler.traffic_port = kTrafficPort;
    if (!options.pooler_address.empty()) {
        auto const address = TRY(mysql::parse_url("mysql://site@" + options.pooler_address)
                                     .in_context("--pooler-address"));
        pooler.traffic_host = address.host;
        pooler.traffic_port = address.port;
    }
    return std::optional(std::move(pooler));
}

Action pooler_entry(Workspace const& work) {
    return {
        .name = "provision/pooler",
        .look = [&work](Context const& context) -> Result<Facts> {
            auto const pooler = TRY(pooler_of(work.options));
            auto proxysql = TRY(open_admin(context, work, *pooler));
            auto const hostgroup = TRY(proxysql.hostgroup_for(context, work.relocation.to.user));
            return Facts{{"hostgroup", hostgroup}};
        },
        .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
            auto const hostgroup = TRY(json::get_integer(before, "hostgroup"));
            return enter(context, work, static_cast<unsigned>(hostgroup));
        },
        .undo = [&work](Context const& context, ActionRecord const&) -> Result<void> {
            auto const pooler = TRY(pooler_of(work.options));
            auto proxysql = TRY(open_admin(context, work, *pooler));
            return proxysql.forget_tenant(context, work.relocation.tenant, work.relocation.to.user);
        }};
}

}  // namespace aipress::migration
