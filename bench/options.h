// What a bench program can be told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aipress::bench {

// One of the programs of this folder.
struct Program {
    std::string_view name;  // "mover_bench"
    std::string_view usage;
    std::vector<std::string_view> parts;    // what --only may name
    std::vector<std::string_view> options;  // besides --repeat, --only, --json, --aipress, …
    std::string_view heading = {};          // of the table, a line; "": "median of 5"
};

struct Options {
    std::uint64_t size_bytes = std::uint64_t{1} << 30;
    unsigned repeat = 5;
    std::uint64_t seed = 1;
    unsigned workers = 4;
    unsigned seconds = 3;
    unsigned files = 5'000;
    unsigned tenants = 50;                           // a shard's capacity, which is the most
    std::vector<unsigned> connections = {1, 8, 32};  // at a time, one measurement each
    std::set<std::string> only;
    std::filesystem::path json_file;
    std::filesystem::path aipress;
    std::filesystem::path directory;

    [[nodiscard]] bool wants(std::string const& part) const { return only.contains(part); }
};

// `own_folder`: where this program lies; the defaults of json_file and aipress. Errors:
// InvalidArgument.
[[nodiscard]] Result<Options> parse_options(Program const& program,
                                            std::span<char const* const> arguments,
                                            std::filesystem::path const& own_folder);

// "1G", "200M", "64k", "17". Errors: InvalidArgument.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace aipress::bench
