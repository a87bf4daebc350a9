// All of a store as text, and back into one: of whatever engine. What was loaded is dumped as the
// same bytes.
//
//     {"aipress_store":1,"schema":1}
//     {"table":"tenants","row":{"id":"tenant-001",…}}     by table, in the order of their keys
//     {"rows":50123,"sha256":"…"}                         of all lines before
//
// Times are RFC 3339, bytes base64. Nothing in a store is a secret but what its fields say.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"
#include "store/shape.h"

namespace aipress::store {

struct DumpSummary {
    std::uint64_t rows = 0;
    std::string sha256 = {};
};

// Gets a line with its newline; its error ends the dump.
using LineSink = std::function<Result<void>(std::string_view line)>;

// One state of the database, while others write to it. Errors: FailedPrecondition when a load was
// not finished, or the schema is not this program's.
Result<DumpSummary> dump(Context const& context, sql::Database& database, LineSink const& sink);
// Into an empty store, whose schema is brought up to date. The file is checked whole first, and
// what was loaded is dumped again and compared. Killed midway, the same load carries on. Errors:
// FailedPrecondition when the store is not empty or the dump is of another schema; DataLoss when
// the file is damaged or cut off.
Result<DumpSummary> load(Context const& context, sql::Database& database,
                         std::filesystem::path const& file);

// The same for any tables: what the above are made of.
Result<DumpSummary> dump_tables(Context const& context, sql::Database& database,
                                std::vector<TableShape> const& shapes, LineSink const& sink);
Result<DumpSummary> load_tables(Context const& context, sql::Database& database,
                                std::vector<TableShape> const& shapes,
                                std::filesystem::path const& file);

// How many rows each table has.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> count_rows(
    Context const& context, sql::Database& database);
// A load that was begun and is not finished.
[[nodiscard]] Result<bool> has_unfinished_load(Context const& context, sql::Database& database);

}  // namespace aipress::store
