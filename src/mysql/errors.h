// Server and client error numbers turned into the project's codes.
// Numbers: MariaDB's mysqld_error.h, libmariadb's errmsg.h.
#pragma once

#include <string_view>

#include "base/error.h"

namespace aipress::mysql {

[[nodiscard]] Error server_error(unsigned number, std::string_view message);

}  // namespace aipress::mysql
