// Who has written to a database that only the mover writes to: read from its server's log.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "mysql/binlog/position.h"
#include "mysql/endpoint.h"

namespace aipress::mover {

struct ForeignSearch {
    mysql::Endpoint endpoint = {};  // its database is the one that is looked at
    std::string move_id = {};       // whose signed transactions are the mover's
    mysql::binlog::Position from = {};
    mysql::binlog::Position upto = {};
    std::uint32_t server_id = 0;  // of this reader, see mysql::binlog::StreamOptions
    // Rows of engines without transactions are logged by themselves, beside the signature: they say
    // nothing.
    std::set<std::string> unsigned_tables = {};
};

// The first statement or transaction of somebody else's, in words; "": there is none. Of the
// definitions only what moves rows counts (TRUNCATE, DROP TABLE, ...): the mover drops and makes
// triggers and raises counters there itself, and the schema's hash covers the rest. Errors:
// OutOfRange when the log does not reach back so far; those of the stream and its decoder.
[[nodiscard]] Result<std::string> find_foreign_write(Context const& context,
                                                     ForeignSearch const& search);

}  // namespace aipress::mover
