#include "poc/seed.h"

#include <atomic>
#include <fmt/format.h>
#include <utility>

#include "poc/history.h"
#include "poc/project.h"
#include "poc/site.h"
#include "poc/tenant_resources.h"
#include "poc/watch.h"
#include "poc/workers.h"

namespace aipress::poc {
namespace {

constexpr unsigned kResourceWorkers = 4;  // they wait for servers most of the time
constexpr unsigned kSiteWorkers = 2;      // PHP and the database are busy for each
constexpr unsigned kRecordWorkers = 16;   // writers that come together share a commit
constexpr unsigned kRecordsShown = 1'000;

class Seeding {
public:
    Seeding(Context const& context, SeedOptions const& options, SeedProgress const& progress)
        : context_(context), options_(options), progress_(progress) {}

    Result<SeedSummary> run();

private:
    using Work = std::function<Result<void>(Google&, Tenant const&)>;
    // The error of one of them names its tenant.
    Result<void> for_each_tenant(unsigned workers, Work const& work) {
        return for_each_of(context_, options_.ports, options_.tenants, workers, summary_.requests,
                           [&](Google& google, unsigned index) {
                               auto const tenant = make_tenant(options_.seed, index + 1);
                               return work(google, tenant).in_context(tenant.name);
                           });
    }
    Result<void> make_sites(ProjectFacts const& project);
    Result<void> make_records();

    Context const& context_;
    SeedOptions const& options_;
    SeedProgress const& progress_;
    SeedSummary summary_;
};

Result<void> Seeding::make_sites(ProjectFacts const& project) {
    std::atomic<unsigned> done = 0;
    // All services first: the web server is told of each, and must not be while it installs.
    TRY(for_each_tenant(kResourceWorkers,
                        [&](Google& google, Tenant const& tenant) -> Result<void> {
                            TRY(make_resources(google, tenant, Scope::Sites));
                            progress_(fmt::format("{}: its resources are there ({} of {})",
                                                  tenant.name, ++done, options_.tenants));
                            return {};
                        }));
    done = 0;
    summary_.sites.resize(options_.tenants);
    return for_each_tenant(kSiteWorkers, [&](Google& google, Tenant const& tenant) -> Result<void> {
        TRY(install_site(google, tenant));
        TRY(write_history(google, tenant, project.created_at));
        TRY(watch_site(google, tenant));
        auto instance = TRY(google.get(instance_path(tenant)));
        TRY(write_state(google, tenant, Scope::Sites, std::move(instance)));
        summary_.sites[tenant.number - 1] = TRY(look_at_site(google, tenant));
        progress_(fmt::format("{}: http://{}/ is live ({} of {})", tenant.name, tenant.host(),
                              ++done, options_.tenants));
        return {};
    });
}

Result<void> Seeding::make_records() {
    std::atomic<unsigned> done = 0;
    return for_each_tenant(
        kRecordWorkers, [&](Google& google, Tenant const& tenant) -> Result<void> {
            auto instance = TRY(make_resources(google, tenant, Scope::RecordsOnly));
            TRY(write_state(google, tenant, Scope::RecordsOnly, std::move(instance)));
            auto const count = ++done;
            if (count % kRecordsShown == 0) {
                progress_(fmt::format("{} of {} tenants", count, options_.tenants));
            }
            return {};
        });
}

Result<SeedSummary> Seeding::run() {
    auto const begin = context_.clock().now();
    summary_.tenants = options_.tenants;
    Google google(context_, options_.ports);
    auto const project = TRY(prepare_project(google, options_));
    progress_(fmt::format("{} is there", kProject));
    TRY(publish_names(google, options_.tenants));
    progress_(fmt::format("the names of {} tenants are in Cloud DNS", options_.tenants));
    TRY(options_.scope == Scope::Sites ? make_sites(project) : make_records());
    summary_.requests += google.requests();
    summary_.took = elapsed_ms(begin, context_.clock().now());
    return std::move(summary_);
}

}  // namespace

Result<SeedSummary> seed_poc(Context const& context, SeedOptions const& options,
                             SeedProgress const& progress) {
    return Seeding(context, options, progress).run();
}

}  // namespace aipress::poc
