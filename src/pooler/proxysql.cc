#include "pooler/proxysql.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "pooler/statements.h"

namespace aipress::pooler {
namespace {

constexpr std::size_t kNameMost = 80;  // of a user in MariaDB; MySQL has 32
// Smaller ones are an administrator's to give away.
constexpr unsigned kFirstHostgroup = 10'000;
constexpr unsigned kHostgroups = 2'000'000'000;
constexpr unsigned kTries = 100;

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
std::uint32_t hash_of(std::string_view text) {
    std::uint32_t hash = 2'166'136'261u;
    for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619u;
    return hash;
}

// An asterisk would make a hash of it.
Result<void> check(TenantEntry const& wanted) {
    bool const is_named = !wanted.user.empty() && wanted.user.size() <= kNameMost;
    bool const is_secret = !wanted.password.empty() && !wanted.password.starts_with('*');
    if (!is_named || has_control(wanted.user)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' cannot be a user of ProxySQL", wanted.user));
    }
    if (!is_secret || has_control(wanted.password)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("the password of '{}' cannot be one of ProxySQL's: it is empty, "
                                 "begins with '*' or has control characters",
                                 wanted.user));
    }
    if (wanted.tenant.empty() || has_control(wanted.tenant)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("the user '{}' is no tenant's", wanted.user));
    }
    if (wanted.host.empty() || has_control(wanted.host) || has_control(wanted.schema)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' has no usable server or schema", wanted.user));
    }
    return {};
}

std::string server_text(std::string_view host, std::uint16_t port, unsigned most) {
    return fmt::format("{}:{}, at most {}", host, port, most);
}

}  // namespace

std::string_view to_string(Layer layer) {
    switch (layer) {
        case Layer::Memory:
            return "memory";
        case Layer::Runtime:
            return "runtime";
        case Layer::Disk:
            return "disk";
    }
    return "";
}

Result<ProxySql> ProxySql::open(Context const& context, mysql::Endpoint const& admin) {
    mysql::SessionOptions const plain{.use_database = false, .is_database = false};
    return ProxySql(TRY(mysql::Connection::open(context, admin, plain)));
}

Result<std::optional<TenantState>> ProxySql::read_tenant(Context const& context,
                                                         std::string const& user, Layer layer) {
    // Runtime has a user twice: to log in, and to log in with at the server.
    auto const users = TRY(connection_.query(
        context,
        fmt::format("SELECT default_schema, default_hostgroup, max_connections, active, comment "
                    "FROM {} WHERE username = {} AND frontend = 1",
                    table(layer, "mysql_users"), quoted(user))));
    if (users.rows.empty()) return std::optional<TenantState>();
    TenantState state{.tenant = tenant_of(users.text(0, "comment")),
                      .user = user,
                      .schema = users.text(0, "default_schema"),
                      .hostgroup = number(users.text(0, "default_hostgroup")),
                      .connections = number(users.text(0, "max_connections")),
                      .is_active = users.text(0, "active") == "1"};
    // OFFLINE_HARD is how runtime has a server that was taken away and is still in use.
    auto const servers = TRY(connection_.query(
        context, fmt::format("SELECT hostname, port, max_connections, status FROM {} WHERE "
                             "hostgroup_id = {} AND status <> 'OFFLINE_HARD' "
                             "ORDER BY hostname, port",
                             table(layer, "mysql_servers"), state.hostgroup)));
    for (std::size_t i = 0; i < servers.rows.size(); ++i) {
        if (servers.text(i, "status") == kPaused) state.is_paused = true;
        state.servers.push_back(
            server_text(servers.text(i, "hostname"),
                        static_cast<std::uint16_t>(number(servers.text(i, "port"))),
                        number(servers.text(i, "max_connections"))));
    }
    return std::optional(std::move(state));
}

Result<std::vector<TenantState>> ProxySql::list_tenants(Context const& context, Layer layer) {
    auto const users = TRY(connection_.query(
        context, fmt::format("SELECT username FROM {} WHERE frontend = 1 AND comment LIKE {} "
                             "ORDER BY username",
                             table(layer, "mysql_users"), quoted(comment_of("%")))));
    std::vector<TenantState> all;
    for (auto const& row : users.rows) {
        auto state = TRY(read_tenant(context, row[0].value_or(""), layer));
        if (state) all.push_back(std::move(*state));
    }
    return all;
}

Result<bool> ProxySql::is_hostgroup_free(Context const& context, unsigned hostgroup,
                                         std::string const& user) {
    for (auto const layer : kLayers) {
        auto const others = TRY(connection_.query(
            context,
            fmt::format("SELECT (SELECT COUNT(*) FROM {} WHERE default_hostgroup = {} AND "
                        "username <> {}) + (SELECT COUNT(*) FROM {} WHERE hostgroup_id = {} AND "
                        "comment NOT LIKE {})",
                        table(layer, "mysql_users"), hostgroup, quoted(user),
                        table(layer, "mysql_servers"), hostgroup, quoted(comment_of("%")))));
        if (others.scalar().value_or("") != "0") return false;
    }
    return true;
}

Result<unsigned> ProxySql::hostgroup_for(Context const& context, std::string const& user) {
    auto const present = TRY(read_tenant(context, user, Layer::Memory));
    auto const mine = present ? present->hostgroup : 0;
    if (mine != 0 && TRY(is_hostgroup_free(context, mine, user))) return mine;
    auto const first = hash_of(user) % kHostgroups;
    for (unsigned i = 0; i < kTries; ++i) {
        auto const hostgroup = kFirstHostgroup + (first + i) % kHostgroups;
        if (TRY(is_hostgroup_free(context, hostgroup, user))) return hostgroup;
    }
    return Error(ErrorCode::ResourceExhausted,
                 fmt::format("ProxySQL has no free hostgroup for '{}' in {} tries", user, kTries));
}

Result<std::vector<std::string>> ProxySql::differences_of(Context const& context,
                                                          TenantEntry const& wanted, Layer layer) {
    std::vector<std::string> found;
    auto const say = [&](std::string const& what) {
        found.push_back(fmt::format("{}: {}", to_string(layer), what));
    };
    auto const state = TRY(read_tenant(context, wanted.user, layer));
    if (!state) {
        say(fmt::format("there is no user '{}'", wanted.user));
        return found;
    }
    if (state->tenant != wanted.tenant) say("the user is another's");
    if (!state->is_active) say("the user is not active");
    if (state->schema != wanted.schema) {
        say(fmt::format("schema is '{}', not '{}'", state->schema, wanted.schema));
    }
    if (state->hostgroup != wanted.hostgroup) {
        say(fmt::format("hostgroup is {}, not {}", state->hostgroup, wanted.hostgroup));
    }
    if (state->connections != wanted.user_connections) {
        say(fmt::format("connections are {}, not {}", state->connections, wanted.user_connections));
    }
    auto const server = server_text(wanted.host, wanted.port, wanted.server_connections);
    if (state->servers != std::vector{server}) {
        say(fmt::format("servers are '{}', not '{}'", fmt::join(state->servers, "; "), server));
    }
    auto const passwords = TRY(connection_.query(
        context, fmt::format("SELECT password FROM {} WHERE username = {} AND frontend = 1",
                             table(layer, "mysql_users"), quoted(wanted.user))));
    auto const kept = passwords.scalar().value_or("");
    bool const is_hash = layer == Layer::Runtime && kept.starts_with('*');
    if (kept != wanted.password && !is_hash) say("the password is another one");
    return found;
}

Result<std::vector<std::string>> ProxySql::differences(Context const& context,
                                                       TenantEntry const& wanted) {
    TRY(check(wanted));
    std::vector<std::string> all;
    for (auto const layer : kLayers) {
        auto found = TRY(differences_of(context, wanted, layer));
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

Result<void> ProxySql::write(Context const& context, TenantEntry const& wanted) {
    auto const servers = table(Layer::Memory, "mysql_servers");
    auto const comment = quoted(comment_of(wanted.tenant));
    // The new one first: at no time has the hostgroup none. A pause goes over to it.
    TRY(connection_.execute(
        context, fmt::format("INSERT OR REPLACE INTO {0} (hostgroup_id, hostname, port, status, "
                             "max_connections, comment) SELECT {1}, {2}, {3}, CASE WHEN EXISTS "
                             "(SELECT 1 FROM {0} WHERE hostgroup_id = {1} AND status = '{4}') THEN "
                             "'{4}' ELSE 'ONLINE' END, {5}, {6}",
                             servers, wanted.hostgroup, quoted(wanted.host), wanted.port, kPaused,
                             wanted.server_connections, comment)));
    TRY(connection_.execute(
        context, fmt::format("DELETE FROM {} WHERE hostgroup_id = {} AND NOT (hostname = {} AND "
                             "port = {})",
                             servers, wanted.hostgroup, quoted(wanted.host), wanted.port)));
    auto const made = connection_.execute(
        context,
        fmt::format("INSERT OR REPLACE INTO {} (username, password, default_hostgroup, "
                    "default_schema, max_connections, comment) VALUES ({}, {}, {}, {}, {}, {})",
                    table(Layer::Memory, "mysql_users"), quoted(wanted.user),
                    quoted(wanted.password), wanted.hostgroup, quoted(wanted.schema),
                    wanted.user_connections, comment));
    if (made.ok()) return {};
    // What ProxySQL says may quote the statement, and with it the password.
    return Error(made.error().code(), fmt::format("ProxySQL refuses the user '{}'", wanted.user))
        .with_native_code(made.error().native_code());
}

Result<void> ProxySql::load_and_save(Context const& context) {
    for (auto const* const statement :
         {"LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL USERS TO RUNTIME",
          "SAVE MYSQL SERVERS TO DISK", "SAVE MYSQL USERS TO DISK"}) {
        TRY(connection_.execute(context, statement));
    }
    return {};
}

Result<Ensured> ProxySql::ensure_tenant(Context const& context, TenantEntry const& wanted) {
    if (TRY(differences(context, wanted)).empty()) return Ensured::Before;
    auto const present = TRY(read_tenant(context, wanted.user, Layer::Memory));
    if (present && present->tenant != wanted.tenant) {
        return Error(ErrorCode::AlreadyExists,
                     fmt::format("ProxySQL has a user '{}' whose comment is not '{}': see whose it "
                                 "is, and rename or delete it",
                                 wanted.user, comment_of(wanted.tenant)));
    }
    if (!TRY(differences_of(context, wanted, Layer::Memory)).empty()) TRY(write(context, wanted));
    TRY(load_and_save(context));
    return Ensured::Now;
}

Result<void> ProxySql::forget_tenant(Context const& context, std::string const& tenant,
                                     std::string const& user) {
    bool is_known = false;
    std::vector<unsigned> hostgroups;
    for (auto const layer : kLayers) {
        auto const state = TRY(read_tenant(context, user, layer));
        if (!state || state->tenant != tenant) continue;
        is_known = true;
        hostgroups.push_back(state->hostgroup);
    }
    if (!is_known) return {};
    // Servers first: a run that is killed in between finds the user, and goes on.
    auto const users = table(Layer::Memory, "mysql_users");
    for (auto const hostgroup : hostgroups) {
        TRY(connection_.execute(
            context, fmt::format("DELETE FROM {} WHERE hostgroup_id = {} AND NOT EXISTS (SELECT 1 "
                                 "FROM {} WHERE default_hostgroup = {} AND username <> {})",
                                 table(Layer::Memory, "mysql_servers"), hostgroup, users, hostgroup,
                                 quoted(user))));
    }
    TRY(connection_.execute(
        context, fmt::format("DELETE FROM {} WHERE username = {} AND comment = {}", users,
                             quoted(user), quoted(comment_of(tenant)))));
    return load_and_save(context);
}

}  // namespace aipress::pooler
