// Cloud Run v2: services, revisions, operations, policies.
#pragma once

#include "sandbox/run/changes.h"

namespace aipress::sandbox::run {

// Called after every change that is on disk: what serves follows.
using OnChange = std::function<void()>;

// All that is passed outlives `methods`.
void serve_v2(Methods& methods, Changes const& changes, OnChange const& on_change);

}  // namespace aipress::sandbox::run
