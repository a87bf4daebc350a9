// The rules of organization policies: what a policy may say, and what several of them come to.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

struct Constraint {
    enum class Kind { Boolean, List };

    std::string_view name;  // "sql.restrictPublicIp"
    Kind kind;
    std::string_view display_name;
    std::string_view description;
};

// Some of Google's: those that a fleet of sites meets.
[[nodiscard]] std::vector<Constraint> const& known_constraints();
// Custom ones ("custom.x") are boolean, and always known. nullptr: there is none of that name.
[[nodiscard]] Constraint const* find_constraint(std::string_view name);

// `spec`: a PolicySpec. Errors: InvalidArgument.
[[nodiscard]] Outcome<Done> check_spec(Constraint const& constraint,
                                       boost::json::object const& spec);

// The spec that those of a resource and of all above it come to; `specs`: the resource's own first,
// without those that have none.
[[nodiscard]] boost::json::object effective_spec(Constraint const& constraint,
                                                 std::vector<boost::json::object> const& specs);

}  // namespace aipress::sandbox
