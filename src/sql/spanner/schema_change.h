// DDL of Cloud Spanner's: outside of transactions, as an operation that takes its time.
#pragma once

#include <string>
#include <vector>

#include "gcp/connection.h"

namespace aipress::sql::spanner {

// Returns when the statements are carried out; `id` is their operation's, [a-z0-9_]. Whoever comes
// second with the same id waits for the first one's. Each statement is safe to repeat: an operation
// that failed half-way is done again.
[[nodiscard]] gcp::Outcome<gcp::Done> change_schema(Context const& context,
                                                    gcp::Connection const& google,
                                                    std::string const& database,
                                                    std::string const& id,
                                                    std::vector<std::string> const& statements);

}  // namespace aipress::sql::spanner
