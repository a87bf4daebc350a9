// What a database held while it was exported, by digests that the server itself computed: what a
// restored dump is compared with.
//
//     measured (before) ─► export ─► measured again (after)
//
// A range of keys whose two digests are equal did not change meanwhile, and has to be in the dump
// as a dump has it (of a FLOAT, six digits). Of one that changed, the dump may hold either state or
// one in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "gcp/outcome.h"
#include "gcp/storage.h"
#include "mover/digest.h"
#include "mysql/endpoint.h"
#include "mysql/schema.h"

namespace aipress::backup {

struct RangeRecord {
    mover::RowKey upto = {};  // begins behind the range before; "": no end
    mover::RangeDigest before = {};
    mover::RangeDigest after = {};

    [[nodiscard]] bool is_quiet() const { return before == after; }
};

struct TableRecord {
    std::string name = {};
    std::vector<RangeRecord> ranges = {};  // one for a table without a key
};

// A view, trigger, routine or event, with the text that makes it.
struct ObjectRecord {
    std::string kind = {};  // "view", as mysql::to_string says
    std::string name = {};
    std::string definer = {};
    std::string sql_mode = {};
    std::string create_sql = {};
};

struct DatabaseRecord {
    std::string database = {};
    std::string character_set = {};
    std::string collation = {};
    std::string schema_hash = {};
    std::vector<TableRecord> tables = {};
    std::vector<ObjectRecord> objects = {};
    // Of database.sql.gz, whose digests these are.
    gcp::Generation dump_generation = 0;
};

// `before` of every range; `after` is the same.
[[nodiscard]] gcp::Outcome<DatabaseRecord> measure_database(Context const& context,
                                                            mysql::Endpoint const& endpoint);
// `after` of every range. Errors: Aborted when a table or another object was made, changed or
// dropped meanwhile: what was exported is of no known shape.
[[nodiscard]] gcp::Outcome<gcp::Done> measure_again(Context const& context,
                                                    mysql::Endpoint const& endpoint,
                                                    DatabaseRecord& record);

[[nodiscard]] std::string write_record(DatabaseRecord const& record);
// Errors: DataLoss.
[[nodiscard]] Result<DatabaseRecord> parse_record(std::string_view text);

// How a database compares with a record. `rows` are those that it has.
struct DatabaseCheck {
    std::uint64_t tables = 0;
    std::uint64_t rows = 0;
    std::uint64_t compared_rows = 0;  // in ranges that equal a recorded digest to the bit
    std::uint64_t compared_ranges = 0;
    // Ranges that changed during the export and hold neither the one state nor the other: of these
    // only the count of rows is known to be plausible.
    std::uint64_t changed_meanwhile = 0;
    std::vector<std::string> changed_tables = {};  // that have such ranges
    // With columns of FLOAT, of which a dump keeps six digits: the rest of them is compared as all.
    std::vector<std::string> rounded_tables = {};
    // "trigger count_posts": Google's exports have no triggers, routines and events.
    std::vector<std::string> not_in_dump = {};
};
// Errors: DataLoss, naming what differs: tables, views, ranges.
[[nodiscard]] gcp::Outcome<DatabaseCheck> check_database(Context const& context,
                                                         mysql::Endpoint const& endpoint,
                                                         DatabaseRecord const& record);

}  // namespace aipress::backup
