// What no rule foresees (a collation, a type, an option, a row size, a privilege) shows when the
// target is made to create it. In a database of the trial's own where that is allowed, so that
// everything can be tried together; else table by table in the target's database.
#include "mover/preflight/trial.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <utility>

#include "mover/preflight/inspection.h"
#include "mover/schema_transfer.h"
#include "mover/session_settings.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

using mysql::ObjectKind;
using mysql::SchemaObject;

constexpr unsigned kUnknownCollation = 1273;
constexpr unsigned kUnknownCharacterSet = 1115;
constexpr unsigned kNeedsSuperForFunctions = 1419;
// A table, view or routine that is not there: the consequence of something else that failed.
constexpr std::array<unsigned, 4> kMissingReference = {1146, 1356, 1305, 1054};
// "deprecated": MySQL 8 says so of every INT(11) and utf8.
constexpr std::array<std::string_view, 5> kIdleWarnings = {
    "Warning 1681", "Warning 3719", "Warning 3778", "Warning 1287", "Warning 3720"};
constexpr std::size_t kWarningsShown = 3;

// The trial is gone, with all that it made, when preflight is over.
class ForgottenEffects final : public EffectLog {
public:
    Result<void> intend(Effect const&) override { return {}; }
    Result<void> undone(Effect const&) override { return {}; }
    [[nodiscard]] std::vector<Effect> outstanding(Side, std::string_view) const override {
        return {};
    }
};

bool has_finding(Inspection const& inspection, std::string_view code, std::string_view object) {
    auto const& findings = inspection.report->findings;
    return std::any_of(findings.begin(), findings.end(), [&](Finding const& finding) {
        return finding.code == code && (object.empty() || finding.object == object);
    });
}

// Whatever the other checks have said already is not said again for every object.
bool is_known(Inspection const& inspection, Error const& error) {
    return (error.code() == ErrorCode::PermissionDenied &&
            has_finding(inspection, "missing-privilege", "")) ||
           (error.native_code() == kNeedsSuperForFunctions &&
            has_finding(inspection, "function-creators", ""));
}

void report_refusal(Inspection& inspection, std::string object, Error const& error) {
    if (is_known(inspection, error)) return;
    bool const is_collation =
        error.native_code() == kUnknownCollation || error.native_code() == kUnknownCharacterSet;
    inspection.fault(
        "target", is_collation ? "unknown-collation" : "trial-failed", std::move(object),
        fmt::format("the target cannot make it: {}", error.message()),
        is_collation ? "convert it on the source to a collation that both servers "
                       "know, or move to a server that knows this one"
                     : "change its definition on the source to what both servers take");
}

Result<void> report_warnings(Inspection& inspection, mysql::Connection& connection,
                             mysql::Table const& table, mysql::ExecuteResult const& created) {
    if (created.warnings == 0) return {};
    auto warnings = TRY(connection.warnings(inspection.context, kWarningsShown));
    std::erase_if(warnings, [](std::string const& warning) {
        return warning.starts_with("Note") ||
               std::any_of(kIdleWarnings.begin(), kIdleWarnings.end(),
                           [&](std::string_view idle) { return warning.starts_with(idle); });
    });
    if (warnings.empty()) return {};
    inspection.degraded("target", "trial-warning", table.name,
                        fmt::format("the target makes it, saying: {}", fmt::join(warnings, "; ")));
    return {};
}

// Tables that were made.
Result<std::vector<mysql::Table const*>> try_tables(Inspection& inspection,
                                                    mysql::Connection& trial) {
    std::vector<mysql::Table const*> made;
    auto const& context = inspection.context;
    TRY(in_session(context, trial, kDefinitionSession, kDataSession, [&]() -> Result<void> {
        for (auto const& table : inspection.schema->tables) {
            auto const created = trial.execute(context, bare_create_table(table));
            if (!created.ok()) {
                if (!trial.usable()) return created.error();
                report_refusal(inspection, table.name, created.error());
                continue;
            }
            TRY(report_warnings(inspection, trial, table, created.value()));
            made.push_back(&table);
        }
        return {};
    }));
    return made;
}

Result<void> try_indexes(Inspection& inspection, mysql::Connection& trial,
                         std::vector<mysql::Table const*> const& tables) {
    NoProbe probe;
    for (auto const* table : tables) {
        auto const completed = complete_table(inspection.context, trial, *table, probe);
        if (completed.ok()) continue;
        if (!trial.usable()) return completed.error();
        report_refusal(inspection, table->name, completed.error());
    }
    return {};
}

// The text of a trigger names its database as somebody typed it. Where that name stays, the trigger
// would be made in the target's real database.
bool is_safe_to_try(Inspection const& inspection, SchemaObject const& object,
                    std::string_view trial_database) {
    if (object.kind != ObjectKind::Trigger) return true;
    std::set<std::string, std::less<>> names = {object.name, object.table_name};
    auto const text =
        mysql::rename_qualifier(object.create_sql, inspection.schema->name, trial_database, names);
    return text.find(inspection.schema->name) == std::string::npos;
}

Result<void> make_object(Context const& context, mysql::Connection& trial,
                         mysql::Schema const& names, SchemaObject const& object) {
    ForgottenEffects log;
    NoProbe probe;
    mysql::Schema single = names;
    single.objects = {object};
    if (object.kind == ObjectKind::Trigger || object.kind == ObjectKind::Event) {
        return create_active_objects(context, trial, Side::Target, single, EventsEnabled::No,
                                     "trial", log, probe);
    }
    return create_passive_objects(context, trial, Side::Target, single, log, probe);
}

// In rounds, since views stand on views: what is refused is tried again for as long as anything
// new was made.
Result<void> try_objects(Inspection& inspection, mysql::Connection& trial, bool all_tables_made) {
    std::vector<SchemaObject const*> waiting;
    for (auto const& object : inspection.schema->objects) {
        if (!has_finding(inspection, "broken-view", object.name) &&
            is_safe_to_try(inspection, object, trial.endpoint().database)) {
            waiting.push_back(&object);
        }
    }
    std::vector<std::pair<SchemaObject const*, Error>> refused;
    for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
        before = waiting.size();
        refused.clear();
        for (auto const* object : waiting) {
            auto made = make_object(inspection.context, trial, *inspection.schema, *object);
            if (made.ok()) continue;
            if (!trial.usable()) return made.release_error();
            refused.emplace_back(object, made.release_error());
        }
        waiting.clear();
        for (auto const& [object, error] : refused) waiting.push_back(object);
    }
    for (auto const& [object, error] : refused) {
        bool const is_consequence =
            !all_tables_made && std::find(kMissingReference.begin(), kMissingReference.end(),
                                          error.native_code()) != kMissingReference.end();
        if (is_consequence) continue;
        report_refusal(inspection, fmt::format("{} {}", to_string(object->kind), object->name),
                       error);
    }
    return {};
}

Result<void> try_everything(Inspection& inspection, std::string const& database) {
    auto endpoint = inspection.target.connection->endpoint();
    endpoint.database = database;
    auto trial = TRY(mysql::Connection::open(inspection.context, endpoint));
    auto const made = TRY(try_tables(inspection, trial));
    TRY(try_indexes(inspection, trial, made));
    return try_objects(inspection, trial, made.size() == inspection.schema->tables.size());
}

// CREATE TABLE under the trial's name.
std::string trial_table(mysql::Table const& table) {
    auto const head = fmt::format("CREATE TABLE {}", mysql::quote_identifier(table.name));
    auto const sql = bare_create_table(table);
    return sql.starts_with(head)
               ? fmt::format("CREATE TABLE `{}`{}", kTrialTable, sql.substr(head.size()))
               : sql;
}

// Without foreign keys, whose names would collide and whose parents are not there.
std::string trial_indexes(mysql::Table const& table) {
    std::vector<std::string> clauses = deferred_clauses(table);
    std::erase_if(clauses,
                  [](std::string const& clause) { return clause.starts_with("ADD CONSTRAINT"); });
    if (clauses.empty()) return {};
    return fmt::format("ALTER TABLE `{}` {}", kTrialTable, fmt::join(clauses, ", "));
}

Result<void> try_table(Inspection& inspection, mysql::Connection& target,
                       mysql::Table const& table) {
    auto const& context = inspection.context;
    auto const drop = fmt::format("DROP TABLE IF EXISTS `{}`", kTrialTable);
    TRY(target.execute(context, drop));
    auto tried = target.execute(context, trial_table(table));
    if (tried.ok()) {
        TRY(report_warnings(inspection, target, table, tried.value()));
        if (auto const alter = trial_indexes(table); !alter.empty()) {
            tried = target.execute(context, alter);
        }
    }
    if (!target.usable()) return tried.ok() ? Result<void>() : Result<void>(tried.error());
    if (!tried.ok()) report_refusal(inspection, table.name, tried.error());
    TRY(target.execute(context, drop));
    return {};
}

Result<void> try_one_by_one(Inspection& inspection) {
    auto& target = *inspection.target.connection;
    auto const database = mysql::quote_identifier(inspection.target.database);
    auto const fix = fmt::format("GRANT ALL PRIVILEGES ON `aipress\\_trial\\_%`.* TO {};",
                                 inspection.target.grants.account());
    auto const used = target.execute(inspection.context, fmt::format("USE {}", database));
    if (!used.ok()) {
        inspection.notice("target", "trial-skipped", inspection.target.database,
                          "no table could be tried: the target's database is not there, and this "
                          "account may not make one for the trial",
                          fix);
        return {};
    }
    inspection.notice("target", "trial-of-tables-only", inspection.target.database,
                      "views, triggers, routines and events could not be tried: this account may "
                      "not make a database for the trial",
                      fix);
    return in_session(inspection.context, target, kDefinitionSession, kDataSession,
                      [&]() -> Result<void> {
                          for (auto const& table : inspection.schema->tables) {
                              TRY(try_table(inspection, target, table));
                          }
                          return {};
                      });
}

// A killed preflight leaves its trial behind.
Result<void> drop_leftovers(Inspection& inspection) {
    auto& target = *inspection.target.connection;
    auto const found = TRY(target.query(
        inspection.context,
        fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND "
                    "TABLE_NAME = {}",
                    mysql::quote_text(inspection.target.database),
                    mysql::quote_text(kTrialTable))));
    if (found.rows.empty()) return {};
    TRY(target.execute(
        inspection.context,
        fmt::format("DROP TABLE IF EXISTS {}.`{}`",
                    mysql::quote_identifier(inspection.target.database), kTrialTable)));
    return {};
}

}  // namespace

Result<void> check_by_trial(Inspection& inspection) {
    if (!inspection.schema) return {};
    TRY(drop_leftovers(inspection));
    auto& target = *inspection.target.connection;
    auto const token =
        TRY(target.query(inspection.context, "SELECT LEFT(MD5(UUID()), 8)")).scalar().value_or("");
    auto const name = fmt::format("{}{}", kTrialDatabasePrefix, token);
    auto const created =
        target.execute(inspection.context,
                       fmt::format("CREATE DATABASE `{}` CHARACTER SET {} COLLATE {}", name,
                                   inspection.schema->character_set, inspection.schema->collation));
    if (!created.ok()) {
        if (!target.usable()) return created.error();
        if (created.error().code() != ErrorCode::PermissionDenied) {
            report_refusal(inspection, inspection.schema->name, created.error());
        }
        return try_one_by_one(inspection);
    }
    auto tried = try_everything(inspection, name);
    auto dropped =
        target.execute(inspection.context, fmt::format("DROP DATABASE IF EXISTS `{}`", name));
    if (!tried.ok()) return tried;
    if (!dropped.ok()) return dropped.release_error();
    return {};
}

}  // namespace aipress::mover
