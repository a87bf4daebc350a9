// How fast a tenant's files are moved: `make bench`, or objects_bench --help.
#include "bench/carry_scenario.h"
#include "bench/program.h"

namespace aipress::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: objects_bench [--files 5000] [--size 256M] [--repeat 3] [--json FILE]\n"
    "                     [--aipress FILE] [--directory FOLDER]\n"
    "  --files      small objects of 2 kB\n"
    "  --size       bytes in large objects, of 8 MiB each\n"
    "  --repeat     every figure is the median of so many\n"
    "  --json       results as JSON; default: objects_bench.json beside this program\n"
    "  --directory  where the data lives; default: the temporary folder\n";

Result<void> measure(Context const& context, Options const& options, std::vector<Figure>& figures) {
    auto const stage = TRY(SandboxStage::set_up(context, options));
    auto const result = run_carry(context, *stage).in_context("carry");
    figures = stage->figures();
    return result;
}

}  // namespace
}  // namespace aipress::bench

int main(int argc, char** argv) {
    using namespace aipress::bench;
    return run_program({.name = "objects_bench",
                        .usage = kUsage,
                        .parts = {"carry"},
                        .options = {"--size", "--files"}},
                       measure, argc, argv);
}
