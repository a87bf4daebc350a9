#include "mover/schema_transfer.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "mover/apply_effect.h"
#include "mover/session_settings.h"
#include "mover/table_text.h"

namespace aipress::mover {
namespace {

using mysql::quote_identifier;
using mysql::quote_text;

Result<void> create_database(Context const& context, mysql::Connection& target, Side side,
                             mysql::Schema const& schema, std::string const& database,
                             EffectLog& log, Probe& probe) {
    auto const existing = TRY(target.query(
        context, fmt::format("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
                             quote_text(database))));
    if (existing.rows.empty()) {
        Effect const effect{side, "schema", "create-database", database,
                            fmt::format("DROP DATABASE IF EXISTS {}", quote_identifier(database))};
        TRY(apply_effect(
            context, target, effect,
            fmt::format("CREATE DATABASE IF NOT EXISTS {} DEFAULT CHARACTER SET {} COLLATE {}",
                        quote_identifier(database), schema.character_set, schema.collation),
            log, probe));
    }
    TRY(target.execute(context, fmt::format("USE {}", quote_identifier(database))));
    return {};
}

Result<std::set<std::string>> first_column(Context const& context, mysql::Connection& connection,
                                           std::string const& sql) {
    auto const rows = TRY(connection.query(context, sql));
    std::set<std::string> names;
    for (auto const& row : rows.rows) names.insert(row.at(0).value_or(""));
    return names;
}

// Names of indexes and foreign keys that the table has there.
Result<std::set<std::string>> existing_clauses(Context const& context, mysql::Connection& target,
                                               std::string const& table) {
    auto names =
        TRY(first_column(context, target,
                         fmt::format("SELECT INDEX_NAME FROM information_schema.STATISTICS "
                                     "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {0} UNION "
                                     "SELECT CONCAT('fk:', CONSTRAINT_NAME) FROM "
                                     "information_schema.REFERENTIAL_CONSTRAINTS "
                                     "WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = {0}",
                                     quote_text(table))));
    return names;
}

// Which indexes a table had from the start depends on the size of its rows, which a later session
// may see otherwise: so all that can be added now are asked for.
std::vector<Clause> clauses_to_add(mysql::Table const& table) {
    auto split = split_clauses(table, parse_table_text(table.create_sql));
    auto clauses = std::move(split.deferred);
    for (auto& clause : split.bare) {
        if (clause.kind == ClauseKind::PlainKey) clauses.push_back(std::move(clause));
    }
    return clauses;
}

// One ALTER does it all, but for full-text indexes: InnoDB adds one at a time without copying the
// table.
std::vector<std::string> alter_statements(mysql::Table const& table,
                                          std::set<std::string> const& existing) {
    std::vector<std::string> together;
    std::vector<std::string> alone;
    for (auto const& clause : clauses_to_add(table)) {
        bool const is_foreign_key = clause.kind == ClauseKind::ForeignKey;
        if (existing.contains(is_foreign_key ? "fk:" + clause.name : clause.name)) continue;
        bool const is_full_text = clause.text.starts_with("FULLTEXT");
        (is_full_text ? alone : together).push_back("ADD " + clause.text);
    }
    if (together.empty() && !alone.empty()) {
        together.push_back(std::move(alone.front()));
        alone.erase(alone.begin());
    }
    std::vector<std::string> statements;
    auto const alter = fmt::format("ALTER TABLE {} ", quote_identifier(table.name));
    if (!together.empty())
        statements.push_back(fmt::format("{}{}", alter, fmt::join(together, ", ")));
    for (auto const& clause : alone) statements.push_back(alter + clause);
    return statements;
}

}  // namespace

Result<void> create_tables(Context const& context, mysql::Connection& target, Side side,
                           mysql::Schema const& schema, EffectLog& log, Probe& probe) {
    auto const database = database_on(target, schema);
    TRY(create_database(context, target, side, schema, database, log, probe));
    auto const existing = TRY(first_column(
        context, target,
        fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
                    quote_text(database))));
    return in_session(context, target, kDefinitionSession, kDataSession, [&]() -> Result<void> {
        for (auto const& table : schema.tables) {
            if (existing.contains(table.name)) continue;
            Effect const effect{
                side, "schema", "create-table", table.name,
                fmt::format("DROP TABLE IF EXISTS {}.{}", quote_identifier(database),
                            quote_identifier(table.name))};
            TRY(apply_effect(context, target, effect, bare_create_table(table), log, probe));
        }
        return {};
    });
}

Result<void> complete_table(Context const& context, mysql::Connection& target,
                            mysql::Table const& table, Probe& probe) {
    if (auto const& database = target.endpoint().database; !database.empty()) {
        TRY(target.execute(context, fmt::format("USE {}", quote_identifier(database))));
    }
    auto const existing = TRY(existing_clauses(context, target, table.name));
    auto const statements = alter_statements(table, existing);
    if (statements.empty()) return {};
    return in_session(context, target, kDefinitionSession, kDataSession, [&]() -> Result<void> {
        for (auto const& statement : statements) {
            probe.at("complete-table.before");
            TRY(target.execute(context, statement)
                    .in_context(fmt::format("adding the indexes of {}", table.name)));
            probe.at("complete-table.after");
        }
        return {};
    });
}

}  // namespace aipress::mover
