// How a service's `traffic` looks in each stage of a TrafficPlan. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "routing/service_traffic.h"

namespace aipress::routing {

enum class Allocation {
    Before,    // as planned
    Old,       // all at the old revision by name, the new one tagged
    New,       // all at the new revision, tagged
    Restored,  // as Old, the tag gone
    Foreign,   // none of these: somebody else's doing
};
// What `traffic` is to be. REQUIRES: not Foreign.
[[nodiscard]] boost::json::array traffic_for(TrafficPlan const& plan, Allocation allocation);
// What the service's `traffic` is.
[[nodiscard]] Allocation allocation_of(TrafficPlan const& plan, boost::json::object const& service);

// "100 % tenant-001-00001-abc, tag m1a2b at tenant-001-m1a2b3c4d"
[[nodiscard]] std::string describe(boost::json::array const& traffic);

// The target that has all visitors; nullopt: they are split.
[[nodiscard]] std::optional<boost::json::object> only_target(boost::json::array const& traffic);
[[nodiscard]] bool is_of_latest(boost::json::object const& target);
// "tenant-001-00001-abc" of its full name.
[[nodiscard]] std::string last_part(std::string const& name);

// Whether Cloud Run has carried out what it was last told.
[[nodiscard]] bool is_settled(boost::json::object const& service);
// … and sends all visitors to this revision.
[[nodiscard]] bool is_served_by(boost::json::object const& service, std::string const& revision);

}  // namespace aipress::routing
