// The same work for many, by several workers, each with a connection of its own.
#pragma once

#include <functional>

#include "base/context.h"
#include "base/result.h"
#include "poc/google.h"

namespace aipress::poc {

// Calls `work` with 0 … count-1, about in that order. The first error calls the others off and is
// returned. Adds to `requests` what was sent.
Result<void> for_each_of(Context const& context, Ports ports, unsigned count, unsigned workers,
                         std::uint64_t& requests,
                         std::function<Result<void>(Google&, unsigned)> const& work);

}  // namespace aipress::poc
