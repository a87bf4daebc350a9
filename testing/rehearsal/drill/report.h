// How the drill went: judged, as a table, as JSON and as a page.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "testing/rehearsal/drill/migration.h"

namespace aipress::drill {

struct TenantReport {
    std::string tenant = {};
    std::string kind = {};
    Fate fate = Fate::Moves;
    std::string state = {};
    std::string reason = {};
    bool is_good = false;
    std::vector<std::string> faults = {};
    unsigned runs = 0;
    std::int64_t took_ms = 0;  // of its migration
    std::int64_t fence_ms = -1;
    std::int64_t downtime_ms = 0;  // the longest time without a good answer while it migrated
    std::size_t requests = 0;
    std::size_t failed = 0;
    std::map<std::string, std::size_t> failures = {};
    std::map<std::string, std::size_t> dns = {};
    std::vector<std::string> foreign = {};
    Latency before = {};
    Latency after = {};
    Writes writes = {};
    std::vector<Stretch> steps = {};
    WallTime began_at = {};
    WallTime ended_at = {};
};

struct Report {
    std::uint64_t seed = 1;
    WallTime began_at = {};
    std::int64_t took_ms = 0;
    std::vector<TenantReport> tenants = {};
    std::vector<std::string> secrets_found = {};
    std::int64_t inventory_tenants = 0;
    std::vector<std::string> faults = {};  // of the whole

    [[nodiscard]] std::size_t good_tenants() const;
    [[nodiscard]] bool is_good() const;
};

// From the visitors' coming to their going; quiet before the first migration and after the last.
struct Visiting {
    SteadyTime from = {};
    SteadyTime first_began = {};
    SteadyTime last_ended = {};
    SteadyTime to = {};
};
[[nodiscard]] TenantReport judge(Journey const& journey, Visiting const& visiting);
[[nodiscard]] std::string table_of(Report const& report);
[[nodiscard]] boost::json::object json_of(Report const& report);
// One file, with nothing to fetch.
[[nodiscard]] std::string page_of(Report const& report);

}  // namespace aipress::drill
