// Many calls at a time, a fixed number of them.
#pragma once

#include <cstddef>
#include <functional>

#include "base/context.h"
#include "gcp/outcome.h"

namespace aipress::inventory {

// Calls `work` once for each index below `count`, from several threads. The first error ends it.
[[nodiscard]] gcp::Outcome<gcp::Done> for_each_index(
    Context const& context, std::size_t count,
    std::function<gcp::Outcome<gcp::Done>(Context const&, std::size_t)> const& work);

}  // namespace aipress::inventory
