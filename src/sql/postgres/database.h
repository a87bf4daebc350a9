// PostgreSQL, by libpq: a pool of connections, SERIALIZABLE transactions.
#pragma once

#include <memory>
#include <string>

#include "sql/database.h"

namespace aipress::sql::postgres {

// As Database::open.
[[nodiscard]] Result<std::unique_ptr<Database>> open_database(Context const& context,
                                                              std::string const& url,
                                                              DatabaseOptions const& options);

}  // namespace aipress::sql::postgres
