#include "edge/hold.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace aipress::edge {
namespace {

// HAProxy has no event for it.
constexpr milliseconds kQuietInterval{5};

std::uint64_t unix_ms(WallTime time) {
    auto const since = std::chrono::duration_cast<milliseconds>(time.time_since_epoch());
    return static_cast<std::uint64_t>(since.count());
}

Result<std::uint64_t> ask_in_flight(Context const& context, HaproxyRuntime& runtime,
                                    HoldAddress const& address, std::string const& tenant) {
    TRY(check_word(tenant));
    TRY(check_word(address.in_flight));
    return parse_in_flight(TRY(
        runtime.command(context, fmt::format("show table {} key {}", address.in_flight, tenant))));
}

}  // namespace

Result<std::uint64_t> parse_in_flight(std::string_view text) {
    // "# table: in_flight, type: string, size:102400, used:1", and
    // "0x55…: key=acme use=1 exp=3599000 shard=0 conn_cur=2"
    if (!text.starts_with("# table:")) {
        return Error(ErrorCode::NotFound, fmt::format("HAProxy answered: {}", text.substr(0, 200)));
    }
    if (text.find(" key=") == std::string_view::npos) return std::uint64_t{0};
    constexpr std::string_view kCount = "conn_cur=";
    auto const at = text.find(kCount);
    std::uint64_t count = 0;
    if (at != std::string_view::npos) {
        auto const* const begin = text.data() + at + kCount.size();
        if (std::from_chars(begin, text.data() + text.size(), count).ec == std::errc())
            return count;
    }
    return Error(ErrorCode::Internal, fmt::format("no conn_cur in: {}", text.substr(0, 200)));
}

Result<std::uint64_t> parse_waiting(std::string_view text, std::string_view tenant) {
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        auto const space = line.find(' ');
        std::uint64_t number = 0;
        auto const digits = space == std::string_view::npos ? "" : line.substr(space + 1);
        auto const* const end = digits.data() + digits.size();
        auto const parsed = std::from_chars(digits.data(), end, number);
        if (parsed.ec != std::errc() || parsed.ptr != end) {
            return Error(ErrorCode::Internal, fmt::format("HAProxy's `show held` says '{}': is "
                                                          "hold.lua loaded?",
                                                          line));
        }
        if (line.substr(0, space) == tenant) return number;
    }
    return std::uint64_t{0};
}

// The entry's value is when the hold ends, in Unix milliseconds.
Result<void> Holds::hold(Context const& context, std::string const& tenant, milliseconds time) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    auto const until = unix_ms(context.clock().wall_now() + time);
    return runtime.put(context, address_.map, {.key = tenant, .value = std::to_string(until)});
}

Result<void> Holds::release(Context const& context, std::string const& tenant) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    return runtime.remove(context, address_.map, tenant);
}

Result<std::vector<std::string>> Holds::held(Context const& context) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    auto const entries = TRY(runtime.show_map(context, address_.map));
    auto const now = unix_ms(context.clock().wall_now());
    std::vector<std::string> tenants;
    for (auto const& [tenant, value] : entries) {
        std::uint64_t until = 0;
        std::from_chars(value.data(), value.data() + value.size(), until);
        if (until > now) tenants.push_back(tenant);
    }
    return tenants;
}

Result<std::uint64_t> Holds::waiting(Context const& context, std::string const& tenant) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    return parse_waiting(TRY(runtime.command(context, "show held")), tenant);
}

Result<std::uint64_t> Holds::in_flight(Context const& context, std::string const& tenant) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    return ask_in_flight(context, runtime, address_, tenant);
}

Result<void> Holds::wait_until_quiet(Context const& context, std::string const& tenant) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    for (;;) {
        auto const count = TRY(ask_in_flight(context, runtime, address_, tenant));
        if (count == 0) return {};
        if (context.sleep(kQuietInterval)) continue;
        if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
        return Error(ErrorCode::DeadlineExceeded,
                     fmt::format("{} requests of {} are still with its site", count, tenant));
    }
}

}  // namespace aipress::edge
