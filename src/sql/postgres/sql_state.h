// PostgreSQL's codes of errors. Source: its manual, appendix A.
#pragma once

#include <string_view>

#include "base/error.h"

namespace aipress::sql::postgres {

// What the server says where a connection breaks.
inline constexpr std::string_view kConnectionFailure = "08006";

// As a number, for Error::native_code(): its five characters in base 36.
[[nodiscard]] unsigned state_number(std::string_view state);
[[nodiscard]] ErrorCode code_of(std::string_view state);
// Others got in the way of the transaction (serialization failure, deadlock).
[[nodiscard]] bool is_conflict(Error const& error);

}  // namespace aipress::sql::postgres
