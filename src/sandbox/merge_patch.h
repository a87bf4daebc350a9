// What a PATCH does to a resource.
#pragma once

#include <boost/json/object.hpp>

namespace aipress::sandbox {

// RFC 7396: members of `patch` replace those of `target`, null removes; so it goes inside objects.
void merge_patch(boost::json::object& target, boost::json::object const& patch);

}  // namespace aipress::sandbox
