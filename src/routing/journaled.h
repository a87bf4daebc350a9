// What a caller keeps in his journal between the calls of this module, as JSON. Nothing of it is a
// secret.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.h"
#include "routing/front.h"
#include "routing/records.h"
#include "routing/service_traffic.h"

namespace aipress::routing {

[[nodiscard]] boost::json::object to_json(HostRecords const& records);
[[nodiscard]] boost::json::object to_json(Mapping const& mapping);
[[nodiscard]] boost::json::object to_json(SiteSettings const& settings);
[[nodiscard]] boost::json::object to_json(TrafficPlan const& plan);

// What to_json() wrote. Errors: InvalidArgument, with the field.
[[nodiscard]] Result<HostRecords> read_records(boost::json::object const& fields);
[[nodiscard]] Result<Mapping> read_mapping(boost::json::object const& fields);
[[nodiscard]] Result<SiteSettings> read_site_settings(boost::json::object const& fields);
[[nodiscard]] Result<TrafficPlan> read_traffic_plan(boost::json::object const& fields);

}  // namespace aipress::routing
