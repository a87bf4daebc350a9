// ProxySQL's admin interface. ProxySQL keeps everything three times: `memory` is edited, `LOAD … TO
// RUNTIME` makes it work, `SAVE … TO DISK` makes it last
// (https://proxysql.com/documentation/configuring-proxysql/). LOAD and SAVE take whole tables:
// what somebody else has left unfinished in memory goes along.
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
    std::string user = {};
    std::string schema = {};
    unsigned hostgroup = 0;
    unsigned connections = 0;
    bool is_active = false;
    std::vector<std::string> servers = {};  // of the hostgroup: "10.0.0.3:3306, at most 500"
};

enum class Ensured { Now, Before };

// Not thread safe; one process at a time edits a ProxySQL.
class ProxySql {
public:
    // `admin`: an account of admin-admin_credentials; its database is not used.
    [[nodiscard]] static Result<ProxySql> open(Context const& context,
                                               mysql::Endpoint const& admin);

    // All three layers have it so when this returns. Errors: InvalidArgument for what cannot be a
    // user's name or a password; those of the connection.
    [[nodiscard]] Result<Ensured> ensure_tenant(Context const& context, TenantEntry const& wanted);
    // In no layer is the user when this returns, nor the hostgroup's servers when no other user has
    // that hostgroup. One that is unknown is no error.
    [[nodiscard]] Result<void> forget_tenant(Context const& context, std::string const& user);
    // nullopt: the layer has no such user.
    [[nodiscard]] Result<std::optional<TenantState>> read_tenant(Context const& context,
                                                                 std::string const& user,
                                                                 Layer layer);
    // Where any layer is not as wanted, a line each: "runtime: hostgroup is 7, not 3". Empty: all
    // is as wanted. ensure_tenant() mends it. A password that runtime keeps as a hash is not
    // compared there.
    [[nodiscard]] Result<std::vector<std::string>> differences(Context const& context,
                                                               TenantEntry const& wanted);

private:
    explicit ProxySql(mysql::Connection connection) : connection_(std::move(connection)) {}
    [[nodiscard]] Result<std::vector<std::string>> differences_of(Context const& context,
                                                                  TenantEntry const& wanted,
                                                                  Layer layer);
    Result<void> write(Context const& context, TenantEntry const& wanted);
    Result<void> load_and_save(Context const& context);

    mysql::Connection connection_;
};

}  // namespace aipress::pooler
