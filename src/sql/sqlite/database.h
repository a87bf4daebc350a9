// SQLite: one file, any number of processes on one machine.
//
// WAL, synchronous=FULL: what was acknowledged survives a power cut. One process writes at a time;
// writers of one process take turns, in order, and those that come together share a commit
// (write_queue.h). Readers see the last commit and wait for nobody.
#pragma once

#include <memory>
#include <string>

#include "sql/database.h"

namespace aipress::sql::sqlite {

// As Database::open.
[[nodiscard]] Result<std::unique_ptr<Database>> open_database(Context const& context,
                                                              std::string const& url,
                                                              DatabaseOptions const& options);

}  // namespace aipress::sql::sqlite
