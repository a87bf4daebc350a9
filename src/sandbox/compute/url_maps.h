// URL maps: which backend a host and a path lead to.
#pragma once

#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {

void serve_url_maps(Methods& methods, ResourcesPointer const& resources);

}  // namespace aipress::sandbox::compute
