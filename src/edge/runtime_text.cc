// The pure half of haproxy_runtime.h: what HAProxy prints.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "edge/haproxy_runtime.h"

namespace aipress::edge {
namespace {

constexpr std::size_t kWordBytes = 512;

// Calls back with each line, without its end.
template <typename Callback>
void each_line(std::string_view text, Callback&& callback) {
    while (!text.empty()) {
        auto const end = text.find('\n');
        callback(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_word_character(char c) {
    bool const is_alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_alphanumeric || std::string_view(".-_*:|/@[]").find(c) != std::string_view::npos;
}

}  // namespace

Result<ProcessInfo> parse_info(std::string_view text) {
    ProcessInfo info;
    std::optional<std::uint64_t> pid;
    std::optional<std::uint64_t> started;
    each_line(text, [&](std::string_view line) {
        auto const colon = line.find(": ");
        if (colon == std::string_view::npos) return;
        auto const name = line.substr(0, colon);
        auto const value = line.substr(colon + 2);
        if (name == "Pid") pid = number(value);
        if (name == "Start_time_sec") started = number(value);
        if (name == "Uptime_sec") info.uptime_s = number(value).value_or(0);
        if (name == "Version") info.version = value;
        if (name == "Stopping") info.is_stopping = value != "0";
    });
    if (!pid || !started) {
        return Error(ErrorCode::Internal,
                     "HAProxy's `show info` has no Pid or no Start_time_sec (HAProxy 2.5 or later "
                     "is needed)");
    }
    info.identity = {.pid = *pid, .started_s = *started};
    return info;
}

Result<std::vector<MapEntry>> parse_map(std::string_view text) {
    std::vector<MapEntry> entries;
    std::string unknown;
    // "0x55fd7410bb30 key value"
    each_line(text, [&](std::string_view line) {
        if (line.empty()) return;
        auto const key = line.find(' ');
        auto const value = key == std::string_view::npos ? key : line.find(' ', key + 1);
        if (!line.starts_with("0x") || value == std::string_view::npos) {
            unknown = line;
            return;
        }
        entries.push_back({.key = std::string(line.substr(key + 1, value - key - 1)),
                           .value = std::string(line.substr(value + 1))});
    });
    if (!unknown.empty()) {
        return Error(ErrorCode::Internal,
                     fmt::format("HAProxy's `show map` has a line that is none: '{}'", unknown));
    }
    return entries;
}

Result<void> check_word(std::string_view word) {
    if (!word.empty() && word.size() <= kWordBytes && std::ranges::all_of(word, is_word_character))
        return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' cannot stand in a map of HAProxy: use up to {} letters, digits "
                             "and . - _ * : | / @ [ ]",
                             word.substr(0, kWordBytes), kWordBytes));
}

}  // namespace aipress::edge
