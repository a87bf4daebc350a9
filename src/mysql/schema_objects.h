// The half of read_schema() that reads what is not a table. Internal to mysql/.
#pragma once

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mysql {

// Views, triggers (in the order they fire in), functions, procedures and events; packages go to
// `unsupported`. REQUIRES: the database is the session's default one, so that views come without
// its name in them.
[[nodiscard]] Result<void> read_objects(Context const& context, Connection& connection,
                                        Schema& schema);

}  // namespace aipress::mysql
