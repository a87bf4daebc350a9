// What a statement in the binary log means to a move. With row format a tenant's data changes come
// as row events; text that touches the tenant's schema is DDL, or a session that escaped to
// STATEMENT.
#pragma once

#include <string_view>

#include "mysql/binlog/event.h"

namespace aipress::mover {

enum class StatementMeaning {
    Harmless,  // BEGIN, SAVEPOINT, account management, other schemas, temporary tables, events (the
               // schema hash covers those)
    Ddl,       // changes the tenant's tables, views, triggers or routines
    DataChange,  // INSERT, UPDATE … as text: the rows it changed are unknown
};

// Fails closed: a statement it does not know that runs in, or mentions, the schema is Ddl.
[[nodiscard]] StatementMeaning classify_statement(mysql::binlog::Query const& query,
                                                  std::string_view schema);

}  // namespace aipress::mover
