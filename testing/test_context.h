// How long a test waits for a server at most: a bound for what hangs, not an expectation.
#pragma once

#include "base/context.h"

namespace aipress::testing {

// From now on, on the machine's clock; nothing stops it.
[[nodiscard]] inline Context test_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(60'000)), std::stop_token()};
}

}  // namespace aipress::testing
