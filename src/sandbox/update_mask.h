// The update masks of PATCH: google.protobuf.FieldMask.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace aipress::sandbox {

// "labels,template.containers" of what the client sent, on top of what is there. "*", or none: all
// of it. Paths come in snake case, too.
[[nodiscard]] boost::json::object masked(boost::json::object const& current,
                                         boost::json::object const& sent, std::string_view mask);

// "displayName" of "display_name"; another spelling is left as it is.
[[nodiscard]] std::string camel_case(std::string_view name);

}  // namespace aipress::sandbox
