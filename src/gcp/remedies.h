// What an operator does about an error of Google's.
#pragma once

#include <string>
#include <string_view>

#include "gcp/error.h"

namespace aipress::gcp {

// One sentence, "" when none is known. `what` as for read_error(); `words` are Google's own.
[[nodiscard]] std::string remedy_for(std::string_view what, std::string_view words,
                                     ApiError const& error);

}  // namespace aipress::gcp
