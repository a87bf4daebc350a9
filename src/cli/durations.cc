#include "cli/durations.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace aipress::cli {
namespace {

constexpr std::int64_t kLongestMs = 7LL * 24 * 3'600'000;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{{
    {"ms", 1},
    {"s", 1'000},
    {"m", 60'000},
    {"h", 3'600'000},
}};

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
    Error const bad(ErrorCode::InvalidArgument,
                    fmt::format("'{}' is not a duration such as 500ms, 15s, 2m or 1h", text));
    std::int64_t number = 0;
    auto const* const text_end = text.data() + text.size();
    auto const [number_end, failure] = std::from_chars(text.data(), text_end, number);
    if (failure != std::errc()) return bad;
    std::string_view const unit(number_end, static_cast<std::size_t>(text_end - number_end));
    for (auto const& [name, unit_ms] : kUnits) {
        if (unit != name) continue;
        if (number <= 0 || number > kLongestMs / unit_ms) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("'{}' is not between 1ms and a week", text));
        }
        return milliseconds(number * unit_ms);
    }
    return bad;
}

std::string format_duration(milliseconds duration) {
    auto const ms = duration.count();
    if (ms < 1'000) return fmt::format("{} ms", ms);
    if (ms < 60'000) return fmt::format("{}.{} s", ms / 1'000, ms % 1'000 / 100);
    if (ms < 3'600'000) return fmt::format("{} m {:02} s", ms / 60'000, ms % 60'000 / 1'000);
    return fmt::format("{} h {:02} m", ms / 3'600'000, ms % 3'600'000 / 60'000);
}

}  // namespace aipress::cli
