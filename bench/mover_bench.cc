// How fast the mover is: `make bench`, or mover_bench --help. Prints a table of medians and ratios
// and writes them as JSON. Exit code 0 when all was measured, reached or not; the table says which.
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string_view>

#include "bench/options.h"
#include "bench/stage.h"

namespace aipress::bench {
namespace {

// Everything together; a hang is a failure, not a night.
constexpr std::chrono::hours kTimeLimit{3};

struct Scenario {
    char const* name;
    Result<void> (*run)(Context const&, Stage&);
};
constexpr Scenario kScenarios[] = {
    {"copy", run_copy}, {"fence", run_fence}, {"catchup", run_catchup}, {"writes", run_writes}};

Result<void> write_json(Options const& options, std::vector<Figure> const& figures) {
    auto json = to_json(figures);
    json["size_bytes"] = options.size_bytes;
    json["repeat"] = options.repeat;
    json["seed"] = options.seed;
    json["workers"] = options.workers;
    std::ofstream file(options.json_file);
    file << boost::json::serialize(json) << '\n';
    file.close();
    if (!file) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot write '{}'", options.json_file.string()));
    }
    return {};
}

Result<void> run(Context const& context, Options const& options) {
    if (!std::filesystem::exists(options.aipress)) {
        return Error(ErrorCode::NotFound,
                     fmt::format("no '{}'; run make build", options.aipress.string()));
    }
    auto const stage = TRY(Stage::set_up(context, options));
    Result<void> result;
    for (auto const& scenario : kScenarios) {
        if (!options.wants(scenario.name)) continue;
        result = scenario.run(context, *stage).in_context(scenario.name);
        if (!result.ok()) break;
    }
    // What was measured before a failure is worth having.
    fmt::print("{} of rows, median of {}, seed {}, {} workers\n{}", stage->full().size_text(),
               options.repeat, options.seed, options.workers, render_table(stage->figures()));
    TRY(write_json(options, stage->figures()));
    return result;
}

}  // namespace

int main_of(std::span<char const* const> arguments) {
    if (arguments.size() == 1 && std::string_view(arguments[0]) == "--help") {
        fmt::print("{}", kUsage);
        return 0;
    }
    auto const own_folder = std::filesystem::canonical("/proc/self/exe").parent_path();
    auto const options = parse_options(arguments, own_folder);
    if (!options.ok()) {
        fmt::print(stderr, "mover_bench: {}\n{}", options.error().message(), kUsage);
        return 2;
    }
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, kTimeLimit), {});
    auto const result = run(context, options.value());
    if (!result.ok()) {
        fmt::print(stderr, "mover_bench: {}: {}\n", to_string(result.error().code()),
                   result.error().message());
        return 1;
    }
    return 0;
}

}  // namespace aipress::bench

int main(int argc, char** argv) {
    return aipress::bench::main_of({argv + 1, static_cast<std::size_t>(argc - 1)});
}
