// IAM policies of resources: google.iam.v1. Nothing is refused for lack of a role: every caller of
// the sandbox may do everything; what is kept is what is set.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "sandbox/service.h"

namespace aipress::sandbox {

// An empty policy when none was set.
[[nodiscard]] Outcome<boost::json::value> get_policy(Transaction& transaction,
                                                     std::string const& resource);
// Errors: Aborted when the policy's etag is not that of the one which is there.
[[nodiscard]] Outcome<boost::json::value> set_policy(Transaction& transaction,
                                                     std::string const& resource,
                                                     boost::json::object policy);

// Serves PREFIX.getIamPolicy, .setIamPolicy and .testIamPermissions as google.iam.v1 words them.
// `resource_of` finds the resource's own name, or says that there is none.
using ResourceOf = std::function<Outcome<std::string>(Transaction&, Call const&)>;
void serve_policies(Methods& methods, Store& store, std::string const& prefix,
                    std::string_view version, ResourceOf const& resource_of);

}  // namespace aipress::sandbox
