// A revision's template as Knative (v1) words it, and as v2 does. What a client reads in v1 and
// sends back is the same template again: else each change of the traffic would make a revision.
#pragma once

#include <boost/json/object.hpp>

namespace aipress::sandbox::run {

// REQUIRES: the shapes of the catalogue. `wanted`: {metadata, spec}.
[[nodiscard]] boost::json::object template_from_knative(boost::json::object const& wanted);
// `wanted`: v2's RevisionTemplate.
[[nodiscard]] boost::json::object template_to_knative(boost::json::object const& wanted);

// Members of an object that are moved under their other name; what is not there is left out.
void copy_member(boost::json::object const& from, std::string_view name, boost::json::object& to,
                 std::string_view as);

}  // namespace aipress::sandbox::run
