// How fast the mover is: `make bench`, or mover_bench --help.
#include <cstdio>
#include <fmt/format.h>

#include "bench/program.h"
#include "bench/stage.h"

namespace aipress::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: mover_bench [--size 1G] [--repeat 5] [--seed 1] [--workers 4]\n"
    "                   [--only copy,fence,catchup,writes] [--json FILE] [--aipress FILE]\n"
    "                   [--directory FOLDER]\n"
    "  --size       bytes of generated rows of the largest tenant; the others follow from it\n"
    "  --repeat     every figure is the median of so many\n"
    "  --only       copy: against mariadb-dump and mydumper, and memory at two sizes\n"
    "               fence: under 500 changed rows a second, at two sizes\n"
    "               catchup: changed rows a second after a stall\n"
    "               writes: the source's own write rate before and during a copy\n"
    "  --json       results as JSON; default: mover_bench.json beside this program\n"
    "  --directory  where servers and dumps live; default: the temporary folder\n";

struct Scenario {
    char const* name;
    Result<void> (*run)(Context const&, Stage&);
};
constexpr Scenario kScenarios[] = {
    {"copy", run_copy}, {"fence", run_fence}, {"catchup", run_catchup}, {"writes", run_writes}};

Result<void> measure(Context const& context, Options const& options, std::vector<Figure>& figures) {
    auto const stage = TRY(Stage::set_up(context, options));
    fmt::print("{} of rows, seed {}, {} workers; ", stage->full().size_text(), options.seed,
               options.workers);
    Result<void> result;
    for (auto const& scenario : kScenarios) {
        if (!options.wants(scenario.name)) continue;
        result = scenario.run(context, *stage).in_context(scenario.name);
        if (!result.ok()) break;
    }
    figures = stage->figures();
    return result;
}

}  // namespace
}  // namespace aipress::bench

int main(int argc, char** argv) {
    using namespace aipress::bench;
    return run_program({.name = "mover_bench",
                        .usage = kUsage,
                        .parts = {"copy", "fence", "catchup", "writes"},
                        .options = {"--size", "--seed", "--workers"}},
                       measure, argc, argv);
}
