// How fast the sandbox is: `make bench`, or sandbox_bench --help.
#include "bench/program.h"
#include "bench/sandbox_stage.h"

namespace aipress::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: sandbox_bench [--size 1G] [--repeat 5] [--seconds 3] [--seed 1]\n"
    "                     [--only objects,uploads,large,instances,fleet,poc] [--json FILE]\n"
    "                     [--aipress FILE] [--directory FOLDER]\n"
    "  --size       bytes of the large object\n"
    "  --repeat     every figure is the median of so many\n"
    "  --seconds    how long each load of small requests lasts\n"
    "  --only       objects: requests of metadata a second, against nginx and a file\n"
    "               uploads: durable objects of 1 KiB a second, against files and fsync\n"
    "               large: upload, rewrite and download of one object, against cp and fsync\n"
    "               instances: a Cloud SQL instance, against mariadb-install-db and start\n"
    "               fleet: 25 Cloud SQL instances at once: time and memory\n"
    "               poc: time to the seeded PoC of ten tenants\n"
    "  --json       results as JSON; default: sandbox_bench.json beside this program\n"
    "  --directory  where the data lives, on the disk to measure; default: the temporary folder\n";

struct Scenario {
    char const* name;
    Result<void> (*run)(Context const&, SandboxStage&);
};
constexpr Scenario kScenarios[] = {{"objects", run_objects}, {"uploads", run_uploads},
                                   {"large", run_large},     {"instances", run_instances},
                                   {"fleet", run_fleet},     {"poc", run_poc}};

// Each on a sandbox of its own: none pays for what another left.
Result<void> measure(Context const& context, Options const& options, std::vector<Figure>& figures) {
    for (auto const& scenario : kScenarios) {
        if (!options.wants(scenario.name)) continue;
        auto const stage = TRY(SandboxStage::set_up(context, options));
        auto const result = scenario.run(context, *stage).in_context(scenario.name);
        figures.insert(figures.end(), stage->figures().begin(), stage->figures().end());
        if (!result.ok()) return result;
    }
    return {};
}

}  // namespace
}  // namespace aipress::bench

int main(int argc, char** argv) {
    using namespace aipress::bench;
    return run_program({.name = "sandbox_bench",
                        .usage = kUsage,
                        .parts = {"objects", "uploads", "large", "instances", "fleet", "poc"},
                        .options = {"--size", "--seed", "--seconds"}},
                       measure, argc, argv);
}
