#include "migration/sql_accounts.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "mysql/connection.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

gcp::SqlInstanceName instance_of(fleet::Home const& home) {
    return {.project = home.project, .instance = home.instance};
}

std::string account_of(fleet::Home const& home) {
    return mysql::quote_text(home.user) + "@'%'";
}

// In a GRANT the database's name is a pattern: "_" would be any character.
std::string grant_pattern(std::string const& database) {
    std::string pattern;
    for (char const c : database) {
        if (c == '_' || c == '%') pattern += '\\';
        pattern += c;
    }
    return mysql::quote_identifier(pattern);
}

Result<mysql::Connection> open_as_mover(Context const& context, Workspace const& work) {
    auto endpoint = TRY(mover_endpoint(context, work, work.relocation.to));
    return mysql::Connection::open(context, endpoint, {.use_database = false});
}

bool needs_tls(json::object const& instance) {
    auto const* const settings = gcp::object_of(instance, "settings");
    auto const* const network =
        settings == nullptr ? nullptr : gcp::object_of(*settings, "ipConfiguration");
    if (network == nullptr) return false;
    auto const mode = gcp::text_of(*network, "sslMode");
    return gcp::bool_of(*network, "requireSsl") || mode == "ENCRYPTED_ONLY" ||
           mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED";
}

}  // namespace

Result<mysql::Endpoint> find_server(Context const& context, Cloud const& cloud,
                                    gcp::SqlInstanceName const& name) {
    auto const instance = TRY(cloud.sql.get_instance(context, name));
    auto const state = gcp::text_of(instance, "state");
    if (state != "RUNNABLE") {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the Cloud SQL instance {} of {} is {}", name.instance,
                                 name.project, state));
    }
    mysql::Endpoint endpoint;
    for (auto const& address : gcp::array_of(instance, "ipAddresses")) {
        auto const type = gcp::text_of(address.as_object(), "type");
        if (type == "OUTGOING" || (type != "PRIVATE" && !endpoint.host.empty())) continue;
        endpoint.host = gcp::text_of(address.as_object(), "ipAddress");
    }
    if (endpoint.host.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the Cloud SQL instance {} of {} has no address", name.instance,
                                 name.project));
    }
    if (needs_tls(instance)) endpoint.tls = mysql::TlsMode::Required;
    return endpoint;
}

Result<mysql::Endpoint> mover_endpoint(Context const& context, Workspace const& work,
                                       fleet::Home const& home) {
    auto endpoint = TRY(find_server(context, work.cloud, instance_of(home)));
    auto const password = TRY(work.cloud.secrets.access_version(
        context, {.project = work.relocation.to.project, .secret = work.names.mover_secret},
        "latest"));
    endpoint.user = work.names.mover_user;
    endpoint.password = password.reveal();
    endpoint.database = home.database;
    return endpoint;
}

Result<void> ensure_mover_user(Context const& context, Workspace const& work,
                               fleet::Home const& home) {
    auto const password = TRY(work.cloud.secrets.access_version(
        context, {.project = work.relocation.to.project, .secret = work.names.mover_secret},
        "latest"));
    gcp::SqlUser const user{.name = work.names.mover_user};
    auto const made = work.cloud.sql.create_user(context, instance_of(home), user, password);
    if (made.ok()) return {};
    if (made.error().code() != ErrorCode::AlreadyExists) return made.error();
    TRY(work.cloud.sql.set_password(context, instance_of(home), user, password));
    return {};
}

Result<void> remove_mover_user(Context const& context, Workspace const& work,
                               fleet::Home const& home) {
    TRY(work.cloud.sql.delete_user(context, instance_of(home), {.name = work.names.mover_user}));
    return {};
}

Result<void> ensure_tenant_user(Context const& context, Workspace const& work,
                                gcp::Secret const& password) {
    auto const& home = work.relocation.to;
    auto connection = TRY(open_as_mover(context, work));
    auto const account = account_of(home);
    auto const secret = mysql::quote_text(password.reveal());
    // A statement with a password in it is in no error of ours.
    for (auto const* const verb : {"CREATE USER IF NOT EXISTS", "ALTER USER"}) {
        auto const done = connection.execute(
            context, fmt::format("{} {} IDENTIFIED BY {}", verb, account, secret));
        if (!done.ok()) {
            return Error(done.error().code(), fmt::format("{} {}: error {} of the server", verb,
                                                          account, done.error().native_code()));
        }
    }
    TRY(connection.execute(context, fmt::format("GRANT ALL PRIVILEGES ON {}.* TO {}",
                                                grant_pattern(home.database), account)));
    return {};
}

Result<void> remove_tenant_user(Context const& context, Workspace const& work) {
    auto connection = TRY(open_as_mover(context, work));
    TRY(connection.execute(context, "DROP USER IF EXISTS " + account_of(work.relocation.to)));
    return {};
}

Result<void> check_tenant_user(Context const& context, Workspace const& work,
                               gcp::Secret const& password) {
    auto const& home = work.relocation.to;
    auto endpoint = TRY(find_server(context, work.cloud, instance_of(home)));
    endpoint.user = home.user;
    endpoint.password = password.reveal();
    auto connection = TRY(mysql::Connection::open(context, endpoint, {.use_database = false})
                              .in_context("logging in as " + home.user));
    auto const seen = TRY(connection.query(context, "SHOW DATABASES"));
    for (auto const& row : seen.rows) {
        auto const name = row[0].value_or("");
        if (name == home.database || name == "information_schema") continue;
        return Error(ErrorCode::DataLoss,
                     fmt::format("the user {} sees the database {} beside its own: see SHOW GRANTS "
                                 "FOR {}",
                                 home.user, name, account_of(home)));
    }
    return {};
}

}  // namespace aipress::migration
