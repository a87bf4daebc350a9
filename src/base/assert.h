// ASSERT(condition): for bugs, never for input. Stays on in release builds: a mover that has lost
// an invariant must stop before it writes another row.
#pragma once

namespace aipress {

[[noreturn]] void assertion_failed(char const* condition, char const* file, int line);

}  // namespace aipress

#define ASSERT(condition)                                                \
    do {                                                                 \
        if (!(condition)) [[unlikely]]                                   \
            ::aipress::assertion_failed(#condition, __FILE__, __LINE__); \
    } while (false)
