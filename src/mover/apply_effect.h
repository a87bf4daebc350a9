// The one way in which a side effect happens. Internal to mover/.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/effects.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

// Journals the effect, then runs the statement that has it, with a probe point on either side.
Result<void> apply_effect(Context const& context, mysql::Connection& connection,
                          Effect const& effect, std::string_view sql, EffectLog& log, Probe& probe);

// The name of the moved database on this connection's server: the endpoint's, else the schema's
// own.
[[nodiscard]] std::string database_on(mysql::Connection const& connection,
                                      mysql::Schema const& schema);

}  // namespace aipress::mover
