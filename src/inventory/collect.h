// The inventory of a project: read only, from the live APIs and Terraform's state files.
//
//     live lists -> join -> state files (drift) -> measurements, buckets -> classes
//
// What is kept is a compact record a resource and a tenant; every list is read page by page, every
// state file is read, compared and let go.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gcp/connection.h"
#include "inventory/tenant.h"

namespace aipress::inventory {

struct Options {
    std::string project = {};
    std::string state_bucket = {};  // "": no state files are read
};

// Called as the work goes on, by the caller's thread.
using Progress = std::function<void(std::string_view)>;

// What cannot be read is a gap in it. Errors: Unauthenticated; Unavailable when Google cannot be
// reached at all; the context's; where neither services, instances nor buckets can be read, why.
[[nodiscard]] gcp::Outcome<Inventory> take_inventory(Context const& context,
                                                     gcp::Connection const& connection,
                                                     Options const& options,
                                                     Progress const& progress);

}  // namespace aipress::inventory
