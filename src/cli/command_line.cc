#include "cli/command_line.h"

#include <cstdio>
#include <fmt/format.h>

namespace aipress::cli {

int run(int, char const* const*, Environment) {
    fmt::print(stderr, "aipress: no commands yet\n");
    return 2;
}

}  // namespace aipress::cli
