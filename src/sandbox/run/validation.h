// What Cloud Run fills in for a client that leaves it out, and what it refuses.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sandbox/outcome.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

// `service`: the wish as v2 words it.
void fill_defaults(boost::json::object& service, Place const& place);

// `root`: how the field of an error begins: "Violation in CreateServiceRequest.service". Errors:
// InvalidArgument with everything that is wrong.
[[nodiscard]] Outcome<Done> check_service(boost::json::object const& service,
                                          std::string const& name, std::string_view root);

// "us-docker.pkg.dev/p/r/wordpress:6.1" is "wordpress".
[[nodiscard]] std::string_view image_name(std::string_view image);

}  // namespace aipress::sandbox::run
