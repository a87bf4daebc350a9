// fork() for children that are to die with this process. Internal to base/.
#pragma once

#include <functional>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"

namespace aipress {

// strerror(number) in context, with the number as native code.
[[nodiscard]] Error system_error(ErrorCode code, int number, std::string_view what);

// `child` runs in the child: async-signal-safe calls only, and it never returns. PR_SET_PDEATHSIG
// fires when the *thread* that forked ends, so every fork is made on one thread that lives as long
// as the process. A program that it becomes has no file of ours but what is put in place of its
// first three. Errors: Unavailable. Thread safe.
[[nodiscard]] Result<pid_t> fork_on_lasting_thread(std::function<void()> const& child);

}  // namespace aipress
