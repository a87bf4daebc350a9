// ProxySQL's admin interface. ProxySQL keeps everything three times: `memory` is edited, `LOAD … TO
// RUNTIME` makes it work, `SAVE … TO DISK` makes it last
// (https://proxysql.com/documentation/configuring-proxysql/). LOAD and SAVE take whole tables:
// what somebody else has left unfinished in memory goes along.
//
// An admin session has no transaction of its own: all sessions write through one handle. So nothing
// that sites notice happens before LOAD, each statement leaves the tables fit for use, and every
// call may be made again. A tenant's rows carry its name in `comment`: rows without it are
// another's, and are neither taken over nor taken away.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::pooler {

struct TenantEntry {
    std::string tenant = {};
    std::string user = {};  // of the database; ProxySQL's key of the tenant
    std::string password = {};
    std::string schema = {};  // the user's default one
    unsigned hostgroup = 0;   // a shard's, or the tenant's own
    std::string host = {};    // the hostgroup's only server
    std::uint16_t port = 3306;
    unsigned user_connections = 100;    // of the tenant to ProxySQL
    unsigned server_connections = 500;  // of ProxySQL to the server, for all in the hostgroup
};

enum class Layer { Memory, Runtime, Disk };
[[nodiscard]] std::string_view to_string(Layer layer);

// What a layer has of a tenant. The password is left out.
struct TenantState {
    std::string tenant = {};  // by the comment; "": it is somebody else's
    std::string user = {};
    std::string schema = {};
    unsigned hostgroup = 0;
    unsigned connections = 0;
    bool is_active = false;
    bool is_paused = false;                 // of its hostgroup a server takes no new transaction
    std::vector<std::string> servers = {};  // of the hostgroup: "10.0.0.3:3306, at most 500"
};

enum class Ensured { Now, Before };

// Not thread safe; one process at a time edits a ProxySQL.
class ProxySql {
public:
    // `admin`: an account of admin-admin_credentials; its database is not used.
    [[nodiscard]] static Result<ProxySql> open(Context const& context,
                                               mysql::Endpoint const& admin);

    // A hostgroup of the user's own: the one that it has, else one that is made from its name and
    // that nobody has. Its health and its pauses are then nobody else's.
    [[nodiscard]] Result<unsigned> hostgroup_for(Context const& context, std::string const& user);
    // All three layers have it so when this returns; a pause stays. Errors: InvalidArgument for
    // what cannot be a user's name or a password; AlreadyExists when the user is another's; those
    // of the connection.
    [[nodiscard]] Result<Ensured> ensure_tenant(Context const& context, TenantEntry const& wanted);
    // In no layer is the user when this returns, nor the hostgroup's servers when no other user has
    // that hostgroup. One that is unknown, or another's, is no error.
    [[nodiscard]] Result<void> forget_tenant(Context const& context, std::string const& tenant,
                                             std::string const& user);
    // nullopt: the layer has no such user.
    [[nodiscard]] Result<std::optional<TenantState>> read_tenant(Context const& context,
                                                                 std::string const& user,
                                                                 Layer layer);
    // The labelled users of a layer, in their order.
    [[nodiscard]] Result<std::vector<TenantState>> list_tenants(Context const& context,
                                                                Layer layer);
    // Where any layer is not as wanted, a line each: "runtime: hostgroup is 7, not 3". Empty: all
    // is as wanted. ensure_tenant() mends it. A password that runtime keeps as a hash is not
    // compared there; a pause is no difference, nor is a server that runtime shuns.
    [[nodiscard]] Result<std::vector<std::string>> differences(Context const& context,
                                                               TenantEntry const& wanted);

    // Requests of the tenant wait at ProxySQL (as long as mysql-connect_timeout_server_max says)
    // from now on; when this returns, no connection of its hostgroup is in use. In all layers: a
    // restart does not end it. Errors: NotFound; FailedPrecondition when others have the hostgroup;
    // DeadlineExceeded when transactions go on, and then it stays paused.
    Result<void> pause_tenant(Context const& context, std::string const& user);
    // They go on. Errors: NotFound.
    Result<void> resume_tenant(Context const& context, std::string const& user);

private:
    explicit ProxySql(mysql::Connection connection) : connection_(std::move(connection)) {}
    [[nodiscard]] Result<std::vector<std::string>> differences_of(Context const& context,
                                                                  TenantEntry const& wanted,
                                                                  Layer layer);
    [[nodiscard]] Result<bool> is_hostgroup_free(Context const& context, unsigned hostgroup,
                                                 std::string const& user);
    Result<void> write(Context const& context, TenantEntry const& wanted);
    Result<void> load_and_save(Context const& context);
    // proxysql_traffic.cc
    Result<void> set_status(Context const& context, unsigned hostgroup, std::string_view from,
                            std::string_view to);
    Result<void> wait_until_idle(Context const& context, TenantState const& tenant);

    mysql::Connection connection_;
};

}  // namespace aipress::pooler
