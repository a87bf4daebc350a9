// What a later process needs of the site as it was before the switch, in the journal.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.h"
#include "sites/facts.h"
#include "sites/probe.h"

namespace aipress::migration {

// Each pair is the other's undo. Errors: InvalidArgument, with the field.
[[nodiscard]] boost::json::object to_json(sites::SitePlan const& plan);
[[nodiscard]] Result<sites::SitePlan> site_plan_of(boost::json::object const& object);

[[nodiscard]] boost::json::object to_json(sites::ContentFacts const& facts);
[[nodiscard]] Result<sites::ContentFacts> content_facts_of(boost::json::object const& object);

}  // namespace aipress::migration
