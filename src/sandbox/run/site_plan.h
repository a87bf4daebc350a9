// What is to be served, read off the store: a pool of PHP processes for each revision that requests
// reach, and the hosts that they come for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox/outcome.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

// What is mounted at wp-content/uploads.
struct Uploads {
    std::string bucket = {};  // empty: nothing is mounted
    std::string folder = {};  // names begin with it: "tenants/shop/", or "" for all of the bucket
};

// One revision's processes.
struct Pool {
    std::string id = {};                                  // "r12"
    std::string revision = {};                            // "shop-00001-abc"
    std::string service = {};                             // the service's key
    std::map<std::string, std::string> environment = {};  // secrets among it
    Uploads uploads = {};
    std::int64_t workers = 1;
    std::int64_t least_workers = 0;  // 0: none runs while nobody asks
    std::int64_t timeout_seconds = 300;
};

struct Share {
    std::string pool = {};
    std::int64_t percent = 0;
};

struct Site {
    std::string service = {};
    std::vector<std::string> hosts = {};
    std::vector<Share> shares = {};  // of what can be served; empty: nothing of it can
};

struct SitePlan {
    std::vector<Pool> pools = {};
    std::vector<Site> sites = {};
};

// Whether requests from outside of Google's networks, the only ones that there are here, reach it.
[[nodiscard]] bool is_reachable(boost::json::object const& service);

// A revision whose secrets cannot be read any more is left out: Cloud Run could not start an
// instance of it either.
[[nodiscard]] Outcome<SitePlan> read_plan(Transaction& transaction);

}  // namespace aipress::sandbox::run
