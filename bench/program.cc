#include "bench/program.h"

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string_view>

namespace aipress::bench {
namespace {

// Everything together; a hang is a failure, not a night.
constexpr std::chrono::hours kTimeLimit{3};

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

Result<void> run(std::string_view heading, Measure measure, Options const& options) {
    if (!std::filesystem::exists(options.aipress)) {
        return Error(ErrorCode::NotFound,
                     fmt::format("no '{}'; run make build", options.aipress.string()));
    }
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, kTimeLimit), {});
    std::vector<Figure> figures;
    auto const result = measure(context, options, figures);
    // What was measured before a failure is worth having.
    if (heading.empty()) fmt::print("median of {}\n", options.repeat);
    fmt::print("{}{}", heading, render_table(figures));
    TRY(write_json(options, figures));
    return result;
}

}  // namespace

int run_program(Program const& program, Measure measure, int argc, char const* const* argv) {
    std::span const arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    if (arguments.size() == 1 && std::string_view(arguments[0]) == "--help") {
        fmt::print("{}", program.usage);
        return 0;
    }
    auto const own_folder = std::filesystem::canonical("/proc/self/exe").parent_path();
    auto const options = parse_options(program, arguments, own_folder);
    if (!options.ok()) {
        fmt::print(stderr, "{}: {}\n{}", program.name, options.error().message(), program.usage);
        return 2;
    }
    auto const result = run(program.heading, measure, options.value());
    if (!result.ok()) {
        fmt::print(stderr, "{}: {}: {}\n", program.name, to_string(result.error().code()),
                   result.error().message());
        return 1;
    }
    return 0;
}

}  // namespace aipress::bench
