// The methods of Cloud DNS, by the resource they are about.
#pragma once

#include "sandbox/dns/publisher.h"
#include "sandbox/service.h"

namespace aipress::sandbox::dns {

// All that is passed outlives `methods`.
void serve_managed_zones(Methods& methods, Store& store, Clock& clock, Publisher& publisher);
void serve_record_sets(Methods& methods, Store& store, Clock& clock, Publisher& publisher);
void serve_changes(Methods& methods, Store& store, Clock& clock, Publisher& publisher);

}  // namespace aipress::sandbox::dns
