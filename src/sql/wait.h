// Waiting for another thread, no longer than a context allows.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/context.h"

namespace aipress::sql {

// Until `is_so`, the context's stop or its deadline; what `is_so` says then.
template <typename Predicate>
bool wait_until_so(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                   Context const& context, Predicate is_so) {
    if (context.deadline().is_never()) return changed.wait(lock, context.stop(), is_so);
    // The clock need not be the machine's.
    return changed.wait_for(lock, context.stop(), context.deadline().remaining(context.clock()),
                            is_so);
}

}  // namespace aipress::sql
