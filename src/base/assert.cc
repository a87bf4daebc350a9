#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace aipress {

void assertion_failed(char const* condition, char const* file, int line) {
    std::fprintf(stderr, "aipress: assertion failed: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace aipress
