// Cloud DNS v1. Public zones answer queries: see publisher.h.
#pragma once

#include "sandbox/dns/publisher.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_dns(Methods& methods, Store& store, Clock& clock, dns::Publisher& publisher);

}  // namespace aipress::sandbox
