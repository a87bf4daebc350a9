// Cloud Run: everything of it that a sandbox has.
#pragma once

#include <functional>
#include <string>

#include "sandbox/run/changes.h"

namespace aipress::sandbox::run {

// `changes` outlives `methods`. `on_change` is called after every change that is on disk.
void serve_cloud_run(Methods& methods, Changes const& changes,
                     std::function<void()> const& on_change);

}  // namespace aipress::sandbox::run
