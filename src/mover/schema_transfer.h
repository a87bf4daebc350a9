// The tenant's tables, views, triggers, routines and events, made on the other side.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/effects.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

// CREATE TABLE for a bare copy: InnoDB, primary and unique keys only; other indexes and foreign
// keys are left for complete_table.
[[nodiscard]] std::string bare_create_table(mysql::Table const& table);
// "ADD KEY …", "ADD FULLTEXT KEY …", "ADD CONSTRAINT … FOREIGN KEY …": what bare_create_table left
// out.
[[nodiscard]] std::vector<std::string> deferred_clauses(mysql::Table const& table);

// The database (when missing) with the source's default character set and collation, and bare
// tables. Tables that exist are left alone. Effects in scope "schema", side `side` (the one
// `target` is on).
Result<void> create_tables(Context const& context, mysql::Connection& target, Side side,
                           mysql::Schema const& schema, EffectLog& log, Probe& probe);

// Adds those indexes and foreign keys that can be added later and the target's table lacks; safe to
// repeat, also when the table has grown wide meanwhile.
Result<void> complete_table(Context const& context, mysql::Connection& target,
                            mysql::Table const& table, Probe& probe);

// Views, functions and procedures: harmless on a passive side. In dependency order; those that
// exist are left alone. Scope "schema".
Result<void> create_passive_objects(Context const& context, mysql::Connection& target, Side side,
                                    mysql::Schema const& schema, EffectLog& log, Probe& probe);

// Triggers and events: only on the side that serves. Existing ones are left alone. Effects in
// `scope` (undo drops them). Events are created disabled when they were disabled on the source, or
// when `events_enabled` is No.
enum class EventsEnabled { AsOnSource, No };
Result<void> create_active_objects(Context const& context, mysql::Connection& connection, Side side,
                                   mysql::Schema const& schema, EventsEnabled events_enabled,
                                   std::string const& scope, EffectLog& log, Probe& probe);
// Drops the side's triggers, whose definitions are in `schema` (so they can be created again).
Result<void> drop_triggers(Context const& context, mysql::Connection& connection, Side side,
                           mysql::Schema const& schema, Probe& probe);

// Runs the undo statements of a scope, newest first, each marked undone. Safe to repeat.
Result<void> undo_scope(Context const& context, mysql::Connection& connection, Side side,
                        std::string const& scope, EffectLog& log, Probe& probe);

}  // namespace aipress::mover
