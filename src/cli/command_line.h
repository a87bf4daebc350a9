// The commands: `aipress database move | status | pause | …`. Data on stdout, progress and log on
// stderr. Exit codes: 0 done, 1 failed, 2 wrong usage or bad input.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/probe.h"

namespace aipress::cli {

struct Environment {
    Clock& clock;
    Probe& probe;
    std::stop_token stop;  // requested on SIGINT and SIGTERM
};

[[nodiscard]] int run(int argc, char const* const* argv, Environment environment);

}  // namespace aipress::cli
