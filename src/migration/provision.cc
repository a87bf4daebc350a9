#include "migration/provision.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "migration/access.h"
#include "migration/pooler_entry.h"
#include "migration/secrets.h"
#include "migration/site_service.h"
#include "migration/sql_accounts.h"
#include "migration/visitors_routing.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

gcp::SecretName password_name(Workspace const& work) {
    return {.project = work.relocation.to.project, .secret = work.relocation.to.password_secret};
}

// The new database's.
Action password(Workspace const& work) {
    return {.name = "provision/password",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                auto const secret = password_name(work);
                TRY(ensure_secret(context, work.cloud, secret, work.relocation.tenant));
                return Facts{{"secret", secret.secret}, {"project", secret.project}};
            },
            .undo =
                [&work](Context const& context, ActionRecord const&) {
                    return remove_secret(context, work.cloud, password_name(work),
                                         work.relocation.tenant);
                }};
}

// The new database's password, where the old service can read it.
Action old_side_secret(Workspace const& work) {
    auto const& relocation = work.relocation;
    gcp::SecretName const secret{.project = relocation.from.project,
                                 .secret = work.names.old_side_secret};
    return {.name = "provision/old-side-password",
            .act = [&work, secret](Context const& context, Facts const&) -> Result<Facts> {
                auto const password =
                    TRY(work.cloud.secrets.access_version(context, password_name(work), "latest"));
                TRY(ensure_secret(context, work.cloud, secret, work.relocation.tenant, &password));
                TRY(let_service_read(context, work, work.relocation.from, secret));
                return Facts{{"secret", secret.secret}, {"project", secret.project}};
            },
            .undo =
                [&work, secret](Context const& context, ActionRecord const&) {
                    return remove_secret(context, work.cloud, secret, work.relocation.tenant);
                }};
}

// All other secrets that the old service reads, under their names.
Action carried_secrets(Workspace const& work) {
    return {.name = "provision/secrets",
            .look = [&work](Context const& context) -> Result<Facts> {
                json::array names;
                for (auto& name : TRY(secrets_of_service(context, work))) {
                    names.emplace_back(std::move(name));
                }
                return Facts{{"secrets", std::move(names)}};
            },
            .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
                auto const& relocation = work.relocation;
                for (auto const& entry : gcp::array_of(before, "secrets")) {
                    std::string const name(entry.as_string());
                    auto const payload = TRY(work.cloud.secrets.access_version(
                        context, {.project = relocation.from.project, .secret = name}, "latest"));
                    TRY(ensure_secret(context, work.cloud,
                                      {.project = relocation.to.project, .secret = name},
                                      relocation.tenant, &payload));
                }
                return before;
            },
            .undo = [&work](Context const& context, ActionRecord const& record) -> Result<void> {
                for (auto const& entry : gcp::array_of(record.before, "secrets")) {
                    TRY(remove_secret(context, work.cloud,
                                      {.project = work.relocation.to.project,
                                       .secret = std::string(entry.as_string())},
                                      work.relocation.tenant));
                }
                return {};
            }};
}

Action database(Workspace const& work) {
    auto const& home = work.relocation.to;
    gcp::SqlInstanceName const instance{.project = home.project, .instance = home.instance};
    return {.name = "provision/database",
            .look = [&work](Context const& context) -> Result<Facts> {
                return look_at_database(context, work);
            },
            .act = [&work, &home, instance](Context const& context,
                                            Facts const& before) -> Result<Facts> {
                json::object wanted{{"name", home.database},
                                    {"charset", before.at("charset")},
                                    {"collation", before.at("collation")}};
                auto const made =
                    work.cloud.sql.create_database(context, instance, std::move(wanted));
                // look() saw that it was not there, so it is an earlier try's.
                if (!made.ok() && made.error().code() != ErrorCode::AlreadyExists) {
                    return made.error();
                }
                return Facts{{"database", home.database}, {"instance", home.instance}};
            },
            .undo = [&work, &home, instance](Context const& context,
                                             ActionRecord const&) -> Result<void> {
                TRY(work.cloud.sql.delete_database(context, instance, home.database));
                return {};
            }};
}

Action tenant_user(Workspace const& work) {
    return {.name = "provision/user",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                auto const password =
                    TRY(work.cloud.secrets.access_version(context, password_name(work), "latest"));
                TRY(ensure_tenant_user(context, work, password));
                TRY(check_tenant_user(context, work, password));
                return Facts{{"user", work.relocation.to.user}};
            },
            .undo = [&work](Context const& context,
                            ActionRecord const&) { return remove_tenant_user(context, work); }};
}

Action service_account(Workspace const& work) {
    gcp::ServiceAccountName const name{.project = work.relocation.to.project,
                                       .account = work.relocation.tenant};
    return {.name = "provision/service-account",
            .act = [&work, name](Context const& context, Facts const&) -> Result<Facts> {
                auto const made = work.cloud.accounts.create(
                    context, name, "The site of " + work.relocation.tenant);
                if (!made.ok() && made.error().code() != ErrorCode::AlreadyExists) {
                    return made.error();
                }
                return Facts{{"email", name.email()}};
            },
            .undo = [&work, name](Context const& context, ActionRecord const&) -> Result<void> {
                TRY(work.cloud.accounts.remove(context, name));
                return {};
            }};
}

Action access(Workspace const& work) {
    return {.name = "provision/access",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                TRY(grant_access(context, work));
                return Facts{{"member", work.relocation.to.service_account}};
            },
            .undo = [&work](Context const& context,
                            ActionRecord const&) { return revoke_access(context, work); }};
}

Action service(Workspace const& work) {
    return {.name = "provision/service",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                auto const url = TRY(ensure_service(context, work));
                return Facts{{"service", work.relocation.to.service}, {"url", url}};
            },
            .undo = [&work](Context const& context,
                            ActionRecord const&) { return remove_service(context, work); }};
}

}  // namespace

std::vector<Action> provision_actions(Workspace const& work) {
    std::vector<Action> actions{password(work), old_side_secret(work), carried_secrets(work),
                                database(work), tenant_user(work)};
    // Before the services that will connect by it.
    if (!work.options.pooler.empty()) actions.push_back(pooler_entry(work));
    for (auto&& action : {service_account(work), access(work), service(work), old_revision(work),
                          lower_ttl(work)}) {
        actions.push_back(action);
    }
    return actions;
}

}  // namespace aipress::migration
