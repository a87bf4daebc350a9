// How fast the metadata store writes, on each engine: `make bench`, or store_bench --help.
#include "bench/program.h"
#include "bench/store_scenario.h"

namespace aipress::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: store_bench [--seconds 3] [--workers 4] [--repeat 3] [--only sqlite,postgres]\n"
    "                   [--json FILE] [--directory FOLDER]\n"
    "  --seconds      of each measurement\n"
    "  --workers      writers at once, after one alone\n"
    "  --repeat       every figure is the median of so many\n"
    "  --only         sqlite, postgres, spanner; default: all that are installed\n"
    "  --json         results as JSON; default: store_bench.json beside this program\n"
    "  --directory    where SQLite's file lives; default: the temporary folder\n";

}  // namespace
}  // namespace aipress::bench

int main(int argc, char** argv) {
    using namespace aipress::bench;
    return run_program({.name = "store_bench",
                        .usage = kUsage,
                        .parts = {"sqlite", "postgres", "spanner"},
                        .options = {"--seconds", "--workers"}},
                       measure_store, argc, argv);
}
