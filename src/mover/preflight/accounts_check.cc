// Who will be locked out in the fence, who cannot be, and who could log in after the switch.
#include <algorithm>
#include <fmt/format.h>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

Result<bool> exists(Inspection& inspection, ServerFacts const& facts, Account const& account) {
    auto const rows = TRY(facts.connection->query(
        inspection.context,
        fmt::format("SELECT 1 FROM mysql.user WHERE User = {} AND Host = {}",
                    mysql::quote_text(account.user), mysql::quote_text(account.host))));
    return !rows.rows.empty();
}

// Whoever may write everywhere can be locked where there is nothing else to write to.
Result<bool> is_alone_on_source(Inspection& inspection) {
    auto const rows = TRY(inspection.source.connection->query(
        inspection.context,
        fmt::format("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
                    "('mysql', 'sys', 'information_schema', 'performance_schema', "
                    "'aipress_mover', {}) LIMIT 1",
                    mysql::quote_text(inspection.source.database))));
    return rows.rows.empty();
}

Result<void> check_global_account(Inspection& inspection, Account const& account) {
    if (!fences_by_revoking(inspection.source) && TRY(is_alone_on_source(inspection))) {
        inspection.notice("source", "global-account-fenced", account.quoted(),
                          "may write to every database of the server, which has no other one");
        return {};
    }
    inspection.fault("source", "global-account", account.quoted(),
                     "an account with global write privileges is never locked: other databases may "
                     "live on it",
                     "leave it out of --accounts; LOCK TABLES holds it off");
    return {};
}

Result<void> check_named_accounts(Inspection& inspection, std::vector<Account> const& named,
                                  DatabaseAccounts const& found) {
    for (auto const& account : named) {
        if (account.quoted() == inspection.source.grants.account()) {
            inspection.fault("source", "own-account", account.quoted(),
                             "the account to fence is the one the mover itself logs in with",
                             "give the mover an account of its own");
        } else if (!TRY(exists(inspection, inspection.source, account))) {
            inspection.fault("source", "unknown-account", account.quoted(),
                             "the account to fence does not exist",
                             "name accounts as SELECT User, Host FROM mysql.user shows them");
        } else if (contains(found.global_writers, account)) {
            TRY(check_global_account(inspection, account));
        }
    }
    for (auto const& account : found.tenant) {
        if (contains(named, account)) continue;
        inspection.degraded("source", "account-not-fenced", account.quoted(),
                            "may write to the database and is not among the accounts to fence; "
                            "only LOCK TABLES holds it off",
                            "name it in --accounts too");
    }
    return {};
}

void check_own_account(Inspection& inspection, ServerFacts const& facts,
                       DatabaseAccounts const& found) {
    bool const is_global = std::any_of(
        found.global_writers.begin(), found.global_writers.end(),
        [&](Account const& account) { return account.quoted() == facts.grants.account(); });
    if (!found.tenant.empty() || is_global || inspection.options->accounts.has_value()) return;
    inspection.fault(facts.side_name(), "own-account", facts.grants.account(),
                     "no other account has a grant on the database: the application seems to log "
                     "in with the mover's own, which cannot be fenced",
                     "give the mover an account of its own");
}

void list_source(Inspection& inspection, DatabaseAccounts const& found) {
    auto const fenced = inspection.options->accounts.value_or(found.tenant);
    for (auto const& account : fenced) {
        inspection.notice("source", "account-fenced", account.quoted(),
                          "is locked in the fence and its sessions are ended");
    }
    if (fenced.empty()) {
        inspection.degraded("source", "no-tenant-account", inspection.source.database,
                            "no account can be locked in the fence; only LOCK TABLES … READ holds "
                            "writers off, as long as the mover lives",
                            "give the application an account with grants on this database only");
    }
}

void list_global_writers(Inspection& inspection, ServerFacts const& facts,
                         DatabaseAccounts const& found) {
    for (auto const& account : found.global_writers) {
        if (account.quoted() == facts.grants.account()) continue;
        inspection.notice(facts.side_name(), "global-writer", account.quoted(),
                          "has global write privileges: it is never locked; LOCK TABLES … READ "
                          "holds it off in the fence");
    }
}

// Otherwise nobody could connect after the switch.
void check_target_accounts(Inspection& inspection) {
    auto const& target = inspection.report->target_accounts;
    auto const fenced =
        inspection.options->accounts.value_or(inspection.report->source_accounts.tenant);
    for (auto const& account : fenced) {
        // On one server it must be another account: see check_shared_accounts.
        if (inspection.is_same_server) break;
        if (contains(target.tenant, account) || contains(target.global_writers, account)) continue;
        inspection.degraded(
            "target", "target-account-missing", account.quoted(),
            "has no grant on the target's database: the application could not log in there with it",
            fmt::format("CREATE USER IF NOT EXISTS {0} IDENTIFIED BY '…'; GRANT ALL PRIVILEGES ON "
                        "{1}.* TO {0};",
                        account.quoted(), mysql::quote_identifier(inspection.target.database)));
    }
    if ((fenced.empty() || inspection.is_same_server) && target.tenant.empty()) {
        inspection.degraded(
            "target", "target-account-missing", inspection.target.database,
            "no account has a grant on the target's database",
            fmt::format("CREATE USER '…'@'%' IDENTIFIED BY '…'; GRANT ALL PRIVILEGES ON {}.* TO "
                        "'…'@'%';",
                        mysql::quote_identifier(inspection.target.database)));
    }
}

// The target's accounts are locked from the start of the move to the switch, the source's in the
// fence: one account cannot be open for one database and closed for the other.
void check_shared_accounts(Inspection& inspection) {
    if (!inspection.is_same_server) return;
    auto on_source = inspection.report->source_accounts.tenant;
    for (auto const& named : inspection.options->accounts.value_or(std::vector<Account>())) {
        if (!contains(on_source, named)) on_source.push_back(named);
    }
    for (auto const& account : on_source) {
        if (!contains(inspection.report->target_accounts.tenant, account)) continue;
        inspection.fault(
            "both", "account-on-both-sides", account.quoted(),
            "source and target are on one server and share this account: locking it "
            "for one locks it for the other",
            fmt::format("REVOKE ALL PRIVILEGES ON {}.* FROM {}; and give the target's "
                        "database an account of its own",
                        mysql::quote_identifier(inspection.target.database), account.quoted()));
    }
}

}  // namespace

Result<void> check_accounts(Inspection& inspection) {
    auto& report = *inspection.report;
    report.source_accounts = TRY(list_accounts(inspection.context, *inspection.source.connection,
                                               inspection.source.database));
    list_source(inspection, report.source_accounts);
    list_global_writers(inspection, inspection.source, report.source_accounts);
    check_own_account(inspection, inspection.source, report.source_accounts);
    if (inspection.options->accounts) {
        TRY(check_named_accounts(inspection, *inspection.options->accounts,
                                 report.source_accounts));
    }
    report.target_accounts = TRY(list_accounts(inspection.context, *inspection.target.connection,
                                               inspection.target.database));
    list_global_writers(inspection, inspection.target, report.target_accounts);
    check_target_accounts(inspection);
    check_shared_accounts(inspection);
    return {};
}

}  // namespace aipress::mover
