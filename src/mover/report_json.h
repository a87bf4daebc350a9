// Report as JSON and back: what `--format json` prints and what a running move answers on its
// control socket. Fields have the names of report.h.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "mover/report.h"

namespace aipress::mover {

[[nodiscard]] boost::json::object to_json(Report const& report);
// Errors: InvalidArgument naming the field that is missing or wrong. Unknown fields are ignored.
[[nodiscard]] Result<Report> report_from_json(boost::json::object const& object);

// nullopt for a name that to_string(State) never gives.
[[nodiscard]] std::optional<State> state_from_string(std::string_view name);

}  // namespace aipress::mover
