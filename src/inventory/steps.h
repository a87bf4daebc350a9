// The parts of take_inventory(), one file each.
#pragma once

#include <string>

#include "gcp/connection.h"
#include "inventory/tenant.h"

namespace aipress::inventory {

// That the rest cannot be read either, or that nobody wants it any more: no gap, but an end.
[[nodiscard]] bool is_fatal(Context const& context, gcp::ApiError const& error);

// The error as a gap. Errors: the error itself when it is fatal.
[[nodiscard]] gcp::Outcome<gcp::Done> note_gap(Context const& context, Inventory& inventory,
                                               std::string what, gcp::ApiError const& error);

// Reads all state files of inventory.state_bucket: drift, and orphans among the files.
[[nodiscard]] gcp::Outcome<gcp::Done> read_states(Context const& context,
                                                  gcp::Connection const& connection,
                                                  Inventory& inventory);

// Requests a day and bytes, as Cloud Monitoring has measured them.
[[nodiscard]] gcp::Outcome<gcp::Done> read_measurements(Context const& context,
                                                        gcp::Connection const& connection,
                                                        Inventory& inventory);

// Looks into each tenant's bucket: which folders it has, and counts it when nothing has measured
// it.
[[nodiscard]] gcp::Outcome<gcp::Done> look_into_buckets(Context const& context,
                                                        gcp::Connection const& connection,
                                                        Inventory& inventory);

}  // namespace aipress::inventory
