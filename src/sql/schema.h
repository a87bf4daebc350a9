// The schema, in versions that only go forward.
//
// Several processes may start at once: each version is applied by one of them, the others wait. A
// database whose schema is newer than this program is refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sql/database.h"

namespace aipress::sql {

struct Migration {
    std::int64_t version = 0;  // 1, 2, 3, … without a gap
    std::string name = {};     // "tenants have a weight"
    // DDL only, each with IF NOT EXISTS: Cloud Spanner applies them one by one, and a process may
    // die between two. Types as in value.h.
    std::vector<std::string> statements = {};

    // Of the statements, 16 hex digits: a version is never changed once it was released.
    [[nodiscard]] std::string digest() const;
};

struct SchemaState {
    std::int64_t version = 0;  // 0: an empty database
    std::int64_t wanted = 0;
};

// REQUIRES: versions 1, 2, 3, …. Errors: FailedPrecondition when the database's schema is newer, or
// one of its versions was made of other statements; those of Database.
Result<SchemaState> migrate(Context const& context, Database& database,
                            std::vector<Migration> const& migrations);
// Changes nothing. Errors: as above.
[[nodiscard]] Result<SchemaState> schema_state(Context const& context, Database& database,
                                               std::vector<Migration> const& migrations);

// For the engines: the table of versions, as a statement; what is in it, by version; and the row
// of one.
extern char const* const kVersionsTable;
Result<bool> is_applied(Transaction& transaction, Migration const& migration);
Result<void> record_applied(Transaction& transaction, Migration const& migration);

}  // namespace aipress::sql
