// `aipress sandbox seed-poc`: today's single project, built in a running sandbox by Google's
// ordinary REST calls, with a live WordPress for every tenant.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "poc/google.h"
#include "poc/tenant.h"

namespace aipress::poc {

enum class Scope {
    Sites,        // everything runs: servers, WordPress, pictures, history
    RecordsOnly,  // the same resources, but nothing that takes a process or a site's content
};
// As many as a machine has memory for: each site is a database server.
inline constexpr unsigned kSitesMost = 100;
inline constexpr unsigned kRecordsMost = 90'000;

struct SeedOptions {
    unsigned tenants = 10;
    Scope scope = Scope::Sites;
    std::uint64_t seed = 1;
    Ports ports = {};
};

struct TenantSummary {
    std::string tenant = {};
    std::string traffic = {};
    std::string kind = {};
    std::string url = {};
    std::uint64_t bytes = 0;  // of the bucket's objects
    std::uint64_t objects = 0;
    std::uint64_t posts = 0;  // as the site itself counts
};

struct SeedSummary {
    std::vector<TenantSummary> sites = {};  // none of RecordsOnly
    unsigned tenants = 0;
    std::uint64_t requests = 0;
    milliseconds took{0};
};

// Thread safe; called as the work goes on.
using SeedProgress = std::function<void(std::string_view)>;

// What is there already, from a run that was killed or one that asked for fewer tenants, is kept
// and built upon. Errors: FailedPrecondition when what is there was made with another seed or
// scope, and those of the calls.
[[nodiscard]] Result<SeedSummary> seed_poc(Context const& context, SeedOptions const& options,
                                           SeedProgress const& progress);

}  // namespace aipress::poc
