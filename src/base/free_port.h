// For programs that cannot say which port they took: the caller picks one for them.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace aipress {

// A TCP port of 127.0.0.1 that was free just now. Somebody else may take it before the program
// does, so whoever starts one tries again. Errors: Unavailable.
[[nodiscard]] Result<std::uint16_t> free_port();

}  // namespace aipress
