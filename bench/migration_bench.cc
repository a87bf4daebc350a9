// What a tenant's move costs beyond its data, and how long visitors miss their site: `make bench`,
// or migration_bench --help.
#include "bench/migration_scenario.h"
#include "bench/program.h"

namespace aipress::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: migration_bench [--tenants 50] [--seed 1] [--json FILE] [--aipress FILE]\n"
    "                       [--directory FOLDER]\n"
    "  --tenants    small live sites that move to one shard, one after the other; 50 at most\n"
    "  --json       results as JSON; default: migration_bench.json beside this program\n"
    "  --directory  where the data lives; default: the temporary folder\n";

Result<void> measure(Context const& context, Options const& options, std::vector<Figure>& figures) {
    auto const stage = TRY(SandboxStage::set_up(context, options));
    auto const result = run_migration(context, *stage).in_context("migration");
    figures = stage->figures();
    return result;
}

}  // namespace
}  // namespace aipress::bench

int main(int argc, char** argv) {
    using namespace aipress::bench;
    return run_program({.name = "migration_bench",
                        .usage = kUsage,
                        .parts = {"migration"},
                        .options = {"--tenants", "--seed"},
                        .heading = "of all tenants, one after the other\n"},
                       measure, argc, argv);
}
