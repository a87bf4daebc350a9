// Progress of a bench.
#pragma once

#include <cstdio>
#include <fmt/format.h>
#include <string>

namespace aipress::bench {

// To stderr, at once.
inline void say(std::string const& line) {
    fmt::print(stderr, "bench: {}\n", line);
}

}  // namespace aipress::bench
