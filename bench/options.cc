#include "bench/options.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "fleet/shard.h"

namespace aipress::bench {
namespace {

// Those of every program.
constexpr std::string_view kCommon[] = {"--repeat", "--only", "--json", "--aipress", "--directory"};

template <typename List>
bool has(List const& list, std::string_view value) {
    return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

template <typename Number>
Result<Number> parse_number(std::string_view text) {
    Number number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || number == 0) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is not a positive number", text));
    }
    return number;
}

Result<std::set<std::string>> parse_parts(Program const& program, std::string_view text) {
    std::set<std::string> parts;
    while (!text.empty()) {
        auto const comma = text.find(',');
        auto const part = text.substr(0, comma);
        if (!has(program.parts, part)) {
            return Error(ErrorCode::InvalidArgument, fmt::format("--only knows no '{}'", part));
        }
        parts.emplace(part);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return parts;
}

Result<void> read_option(Program const& program, Options& options, std::string_view name,
                         std::string_view value) {
    if (!has(kCommon, name) && !has(program.options, name)) {
        return Error(ErrorCode::InvalidArgument, fmt::format("unknown option '{}'", name));
    }
    if (name == "--size") {
        options.size_bytes = TRY(parse_size(value));
    } else if (name == "--repeat") {
        options.repeat = TRY(parse_number<unsigned>(value));
    } else if (name == "--seed") {
        options.seed = TRY(parse_number<std::uint64_t>(value));
    } else if (name == "--workers") {
        options.workers = TRY(parse_number<unsigned>(value));
    } else if (name == "--seconds") {
        options.seconds = TRY(parse_number<unsigned>(value));
    } else if (name == "--files") {
        options.files = TRY(parse_number<unsigned>(value));
    } else if (name == "--tenants") {
        options.tenants = TRY(parse_number<unsigned>(value));
        if (options.tenants > fleet::kShardCapacity) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("a shard takes {} at most", fleet::kShardCapacity));
        }
    } else if (name == "--only") {
        options.only = TRY(parse_parts(program, value));
    } else if (name == "--json") {
        options.json_file = value;
    } else if (name == "--aipress") {
        options.aipress = value;
    } else {
        options.directory = value;
    }
    return {};
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t unit = 1;
    if (!text.empty()) {
        switch (text.back()) {
            case 'k':
            case 'K':
                unit = std::uint64_t{1} << 10;
                break;
            case 'M':
                unit = std::uint64_t{1} << 20;
                break;
            case 'G':
                unit = std::uint64_t{1} << 30;
                break;
            default:
                break;
        }
    }
    if (unit != 1) text.remove_suffix(1);
    return TRY(parse_number<std::uint64_t>(text)) * unit;
}

Result<Options> parse_options(Program const& program, std::span<char const* const> arguments,
                              std::filesystem::path const& own_folder) {
    Options options;
    options.only = {program.parts.begin(), program.parts.end()};
    options.json_file = own_folder / fmt::format("{}.json", program.name);
    options.aipress = own_folder / "aipress";
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        if (i + 1 == arguments.size()) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("'{}' wants a value", arguments[i]));
        }
        TRY(read_option(program, options, arguments[i], arguments[i + 1]).in_context(arguments[i]));
    }
    return options;
}

}  // namespace aipress::bench
