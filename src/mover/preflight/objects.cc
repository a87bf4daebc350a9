// Views, triggers, routines and events: can they be made on the other side, and by whom?
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "mover/preflight/inspection.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

using mysql::ObjectKind;
using mysql::SchemaObject;

constexpr unsigned kBrokenView = 1356;
constexpr unsigned kNoSuchDefiner = 1449;

std::string named(SchemaObject const& object) {
    return fmt::format("{} {}", to_string(object.kind), object.name);
}

Account definer_of(SchemaObject const& object) {
    auto const at = object.definer.rfind('@');
    if (at == std::string::npos) return {object.definer, "", false};  // a role
    return {object.definer.substr(0, at), object.definer.substr(at + 1), false};
}

Result<std::set<std::string>> accounts_on(Inspection& inspection, ServerFacts const& facts) {
    auto const rows =
        TRY(facts.connection->query(inspection.context, "SELECT User, Host FROM mysql.user"));
    std::set<std::string> accounts;
    for (auto const& row : rows.rows) {
        accounts.insert(fmt::format("{}@{}", row.at(0).value_or(""), row.at(1).value_or("")));
    }
    return accounts;
}

bool may_use(Account const& account, DatabaseAccounts const& accounts) {
    return contains(accounts.tenant, account) || contains(accounts.global_writers, account);
}

// One finding a definer, not one an object.
Result<void> check_definers(Inspection& inspection) {
    std::map<std::string, std::vector<SchemaObject const*>> by_definer;
    for (auto const& object : inspection.schema->objects) {
        by_definer[object.definer].push_back(&object);
    }
    if (by_definer.empty()) return {};
    auto const existing = TRY(accounts_on(inspection, inspection.target));
    for (auto const& [definer, objects] : by_definer) {
        auto const account = definer_of(*objects.front());
        auto const uses = fmt::format(
            "defines {}{}", named(*objects.front()),
            objects.size() == 1 ? std::string() : fmt::format(" and {} more", objects.size() - 1));
        auto const grant =
            fmt::format("GRANT ALL PRIVILEGES ON {}.* TO {};",
                        mysql::quote_identifier(inspection.target.database), account.quoted());
        if (!existing.contains(account.user + "@" + account.host)) {
            inspection.fault(
                "target", "definer-missing", account.quoted(),
                fmt::format("{} and does not exist on the target", uses),
                fmt::format("CREATE USER {} IDENTIFIED BY '…'; {}", account.quoted(), grant));
        } else if (!may_use(account, inspection.report->target_accounts) &&
                   account.quoted() != inspection.target.grants.account()) {
            inspection.degraded("target", "definer-without-grant", account.quoted(),
                                fmt::format("{} and has no grant on the target's database", uses),
                                grant);
        }
    }
    return {};
}

// The privilege to make an object of somebody else.
std::vector<std::string_view> definer_privileges(ServerFacts const& facts) {
    auto const& version = facts.version();
    if (version.mariadb_at_least(100502)) return {"SET USER", "SUPER"};
    if (version.mysql_at_least(80200)) return {"SET_ANY_DEFINER", "SUPER"};
    if (version.mysql_at_least(80000)) return {"SET_USER_ID", "SUPER"};
    return {"SUPER"};
}

void check_making(Inspection& inspection, ServerFacts const& facts, bool makes_everything) {
    bool has_foreign_definer = false;
    bool has_logged_code = false;
    for (auto const& object : inspection.schema->objects) {
        bool const is_active =
            object.kind == ObjectKind::Trigger || object.kind == ObjectKind::Event;
        if (!makes_everything && !is_active) continue;
        has_foreign_definer =
            has_foreign_definer || definer_of(object).quoted() != facts.grants.account();
        has_logged_code = has_logged_code || object.kind == ObjectKind::Trigger ||
                          object.kind == ObjectKind::Function;
    }
    auto const wanted = definer_privileges(facts);
    bool const may_set = std::any_of(wanted.begin(), wanted.end(), [&](std::string_view name) {
        return facts.grants.has_global(name);
    });
    if (has_foreign_definer && !may_set) {
        inspection.fault(
            facts.side_name(), "missing-privilege", "definer",
            fmt::format("{} lacks {}: objects of other definers could not be made",
                        facts.grants.account(), wanted.front()),
            fmt::format("GRANT {} ON *.* TO {};", wanted.front(), facts.grants.account()));
    }
    if (has_logged_code && facts.is("log_bin", "ON") && !facts.has_super() &&
        facts.is("log_bin_trust_function_creators", "OFF")) {
        inspection.fault(facts.side_name(), "function-creators", "log_bin_trust_function_creators",
                         "triggers and functions can be made only with SUPER while this is OFF",
                         "SET GLOBAL log_bin_trust_function_creators = ON;");
    }
}

Result<void> check_view(Inspection& inspection, SchemaObject const& view) {
    auto const tried = inspection.source.connection->query(
        inspection.context,
        fmt::format("SELECT 1 FROM {} LIMIT 0", inspection.source.qualified(view.name)));
    if (tried.ok()) return {};
    auto const code = tried.error().native_code();
    if (code != kBrokenView && code != kNoSuchDefiner) return {};  // not this check's business
    inspection.fault("source", "broken-view", view.name,
                     fmt::format("it cannot be read: {}", tried.error().message()),
                     fmt::format("DROP VIEW {}; or repair what it refers to",
                                 inspection.source.qualified(view.name)));
    return {};
}

Result<void> check_zone(Inspection& inspection, SchemaObject const& event) {
    if (event.time_zone == "SYSTEM" || event.time_zone.empty()) return {};
    auto const known = TRY(inspection.target.connection->query(
        inspection.context, fmt::format("SELECT CONVERT_TZ('2024-01-01', '+00:00', {})",
                                        mysql::quote_text(event.time_zone))));
    if (known.scalar()) return {};
    inspection.fault(
        "target", "unknown-time-zone", event.time_zone,
        fmt::format("{} is scheduled in a time zone that the target does not know", named(event)),
        "load the zones: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql");
    return {};
}

void check_mentions(Inspection& inspection, SchemaObject const& object) {
    auto const& from = inspection.source.database;
    if (from == inspection.target.database || object.kind == ObjectKind::View ||
        !mysql::mentions_word(object.create_sql, from)) {
        return;
    }
    // A trigger says where it belongs; the rest would only reach for the wrong tables.
    auto const severity = object.kind == ObjectKind::Trigger ? Severity::Fault : Severity::Degraded;
    inspection.add(severity, "source", "names-its-database", named(object),
                   fmt::format("it names the database {} without backticks; that name stays, and "
                               "means another database on the target",
                               from),
                   fmt::format("write `{}` in backticks, or leave it out", from));
}

void check_scheduler(Inspection& inspection) {
    auto const& objects = inspection.schema->objects;
    bool const has_running_event =
        std::any_of(objects.begin(), objects.end(), [](SchemaObject const& object) {
            return object.kind == ObjectKind::Event && object.is_enabled;
        });
    if (!has_running_event || !inspection.source.is("event_scheduler", "ON") ||
        inspection.target.is("event_scheduler", "ON")) {
        return;
    }
    inspection.degraded("target", "event-scheduler-off", "event_scheduler",
                        "events that run today would not run after the switch",
                        "SET GLOBAL event_scheduler = ON;");
}

}  // namespace

Result<void> check_objects(Inspection& inspection) {
    if (!inspection.schema) return {};
    for (auto const& object : inspection.schema->objects) {
        if (object.kind == ObjectKind::View) TRY(check_view(inspection, object));
        if (object.kind == ObjectKind::Event) TRY(check_zone(inspection, object));
        check_mentions(inspection, object);
    }
    check_scheduler(inspection);
    check_making(inspection, inspection.target, true);
    check_making(inspection, inspection.source, false);
    return check_definers(inspection);
}

}  // namespace aipress::mover
