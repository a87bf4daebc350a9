// What `mover_bench` can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::bench {

inline constexpr std::string_view kUsage =
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

struct Options {
    std::uint64_t size_bytes = std::uint64_t{1} << 30;
    unsigned repeat = 5;
    std::uint64_t seed = 1;
    unsigned workers = 4;
    std::set<std::string> only = {"copy", "fence", "catchup", "writes"};
    std::filesystem::path json_file;
    std::filesystem::path aipress;
    std::filesystem::path directory;

    [[nodiscard]] bool wants(std::string const& part) const { return only.contains(part); }
};

// `own_folder`: where this program lies; the defaults of json_file and aipress. Errors:
// InvalidArgument.
[[nodiscard]] Result<Options> parse_options(std::span<char const* const> arguments,
                                            std::filesystem::path const& own_folder);

// "1G", "200M", "64k", "17". Errors: InvalidArgument.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace aipress::bench
