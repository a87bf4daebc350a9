// A request's body, and what is done with such objects.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sandbox/service.h"

namespace aipress::sandbox::compute {

enum class Nulls {
    Dropped,  // as if they were not there
    Kept,     // members of objects: a patch removes by them
};

[[nodiscard]] boost::json::object content_of(Call const& call, Nulls nulls);

void set_default(boost::json::object& body, std::string_view name, boost::json::value value);
// `false` when it is not there.
[[nodiscard]] bool is_true(boost::json::object const& body, std::string_view name);

}  // namespace aipress::sandbox::compute
