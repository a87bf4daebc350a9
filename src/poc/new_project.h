// What any project needs before something can be made in it, and a database server in it: of the
// PoC and of a shard. Each call may be made again.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "poc/google.h"

namespace aipress::poc {

struct NewProject {
    std::string id = {};
    std::string display_name = {};
    boost::json::object labels = {};
};
// As Resource Manager shows it, below the organization. One that is there already is returned as it
// is: whether it is the one that was meant is for the caller to find out, before the rest.
[[nodiscard]] Result<boost::json::value> find_or_make_project(Google& google,
                                                              NewProject const& wanted);
// Links it to the first billing account, and enables the APIs that sites need.
[[nodiscard]] Result<void> prepare_for_use(Google& google, std::string const& project);

struct NewInstance {
    std::string project = {};
    std::string name = {};
    std::string tier = {};
    std::string activation_policy = "ALWAYS";
    boost::json::object labels = {};
    std::optional<std::string> root_password = {};
};
// MySQL 8.0 with binary log and backups. Does not wait until it is there. Errors:
// FailedPrecondition when one of that name is there and has another tier.
[[nodiscard]] Result<void> ask_for_instance(Google& google, NewInstance const& wanted);
// As Cloud SQL shows it when it is made. Errors: Internal, DeadlineExceeded.
[[nodiscard]] Result<boost::json::value> await_instance(Google& google, std::string const& project,
                                                        std::string const& name);

// That `what` is there and is another one than is wanted: FailedPrecondition.
[[nodiscard]] Error is_another(std::string_view what, std::string_view why);

}  // namespace aipress::poc
