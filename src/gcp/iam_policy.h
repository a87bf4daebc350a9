// Access policies: read, changed, written with the etag that was read, again where somebody was
// faster. Storage, Secret Manager, Cloud Run and Resource Manager have them alike.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "gcp/connection.h"

namespace aipress::gcp {

struct IamBinding {
    std::string role = {};    // "roles/storage.objectAdmin"
    std::string member = {};  // "serviceAccount:site@project.iam.gserviceaccount.com"
    // {"title", "expression"}; empty: none. A binding with another condition is another binding.
    boost::json::object condition = {};
};

// Whether the policy changed: false when it was so already.
bool add_binding(boost::json::object& policy, IamBinding const& binding);
bool remove_binding(boost::json::object& policy, IamBinding const& binding);

// How a resource's policy is read and written.
struct PolicyCalls {
    Call read = {};
    std::function<Call(boost::json::object const& policy)> write;
};

// Changes the policy until `change` finds nothing more to do, so it is safe to repeat. Errors:
// Aborted when others change it all the time.
[[nodiscard]] Outcome<boost::json::object> change_policy(
    Connection const& connection, Context const& context, PolicyCalls const& calls,
    std::function<bool(boost::json::object& policy)> const& change);

// For a resource at `path` whose policy is had by ":getIamPolicy"; `read_method` is GET or POST.
[[nodiscard]] PolicyCalls policy_calls(std::string const& api, std::string const& path,
                                       std::string const& read_method);

}  // namespace aipress::gcp
