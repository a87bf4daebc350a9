#include "sandbox/sql/tiers.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <regex>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

ApiError invalid(std::string message, std::string reason) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = std::move(reason)};
}

struct NamedTier {
    char const* name;
    Tier tier;
};
constexpr std::array<NamedTier, 12> kTiers{{
    {"db-f1-micro", {614, 250, 1}},
    {"db-g1-small", {1740, 1000, 1}},
    {"db-n1-standard-1", {3840, 4000, 1}},
    {"db-n1-standard-2", {7680, 4000, 2}},
    {"db-n1-standard-4", {15360, 4000, 4}},
    {"db-n1-standard-8", {30720, 4000, 8}},
    {"db-n1-standard-16", {61440, 4000, 16}},
    {"db-n1-highmem-2", {13312, 4000, 2}},
    {"db-n1-highmem-4", {26624, 4000, 4}},
    {"db-n1-highmem-8", {53248, 4000, 8}},
    {"db-perf-optimized-N-2", {16384, 4000, 2}},
    {"db-perf-optimized-N-4", {32768, 4000, 4}},
}};

enum class FlagKind { Boolean, Integer, Text };

// Flags that Cloud SQL for MySQL offers and MariaDB has by the same name and meaning.
struct KnownFlag {
    char const* name;
    FlagKind kind;
    char const* values;  // Text: "a|b"; Integer: "least..most"
    bool needs_restart;
};
constexpr std::array<KnownFlag, 24> kFlags{{
    {"character_set_server", FlagKind::Text, "utf8|utf8mb4|latin1", true},
    {"default_time_zone", FlagKind::Text, "", true},
    {"event_scheduler", FlagKind::Boolean, "", false},
    {"general_log", FlagKind::Boolean, "", false},
    {"group_concat_max_len", FlagKind::Integer, "4..17179869184", false},
    {"innodb_autoinc_lock_mode", FlagKind::Integer, "0..2", true},
    {"innodb_buffer_pool_size", FlagKind::Integer, "5242880..17179869184", true},
    {"innodb_file_per_table", FlagKind::Boolean, "", false},
    {"innodb_flush_log_at_trx_commit", FlagKind::Integer, "1..2", false},
    {"innodb_lock_wait_timeout", FlagKind::Integer, "1..1073741824", false},
    {"innodb_print_all_deadlocks", FlagKind::Boolean, "", false},
    {"interactive_timeout", FlagKind::Integer, "1..31536000", false},
    {"local_infile", FlagKind::Boolean, "", false},
    {"log_bin_trust_function_creators", FlagKind::Boolean, "", false},
    {"long_query_time", FlagKind::Integer, "0..30000000", false},
    {"lower_case_table_names", FlagKind::Integer, "0..1", true},
    {"max_allowed_packet", FlagKind::Integer, "16384..1073741824", false},
    {"max_connections", FlagKind::Integer, "1..100000", false},
    {"skip_show_database", FlagKind::Boolean, "", true},
    {"slow_query_log", FlagKind::Boolean, "", false},
    {"sql_mode", FlagKind::Text, "", false},
    {"table_open_cache", FlagKind::Integer, "1..524288", false},
    {"transaction_isolation", FlagKind::Text,
     "READ-UNCOMMITTED|READ-COMMITTED|REPEATABLE-READ|SERIALIZABLE", true},
    {"wait_timeout", FlagKind::Integer, "1..31536000", false},
}};

std::vector<std::string> parts_of(std::string const& text, std::string const& separator) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; !text.empty();) {
        auto const end = text.find(separator, begin);
        parts.push_back(text.substr(begin, end - begin));
        if (end == text.npos) break;
        begin = end + separator.size();
    }
    return parts;
}

bool is_in_range(std::string const& value, std::string const& range) {
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    auto const bounds = parts_of(range, "..");
    return failure == std::errc() && end == value.data() + value.size() &&
           number >= std::stoull(bounds[0]) && number <= std::stoull(bounds[1]);
}

bool fits(KnownFlag const& flag, std::string const& value) {
    static std::regex const plain("[A-Za-z0-9_:+,/ -]*");
    switch (flag.kind) {
        case FlagKind::Boolean:
            return value == "on" || value == "off";
        case FlagKind::Integer:
            return is_in_range(value, flag.values);
        case FlagKind::Text: {
            if (!std::regex_match(value, plain)) return false;
            auto const allowed = parts_of(flag.values, "|");
            return allowed.empty() ||
                   std::find(allowed.begin(), allowed.end(), value) != allowed.end();
        }
    }
    return false;
}

json::object flag_view(KnownFlag const& flag) {
    json::object view{{"kind", "sql#flag"},
                      {"name", flag.name},
                      {"appliesTo", {"MYSQL_5_6", "MYSQL_5_7", "MYSQL_8_0", "MYSQL_8_4"}},
                      {"requiresRestart", flag.needs_restart}};
    switch (flag.kind) {
        case FlagKind::Boolean:
            view["type"] = "BOOLEAN";
            view["allowedStringValues"] = {"on", "off"};
            break;
        case FlagKind::Integer: {
            auto const bounds = parts_of(flag.values, "..");
            view["type"] = "INTEGER";
            view["minValue"] = bounds[0];
            view["maxValue"] = bounds[1];
            break;
        }
        case FlagKind::Text: {
            view["type"] = "STRING";
            json::array allowed;
            for (auto const& value : parts_of(flag.values, "|")) allowed.emplace_back(value);
            if (!allowed.empty()) view["allowedStringValues"] = std::move(allowed);
            break;
        }
    }
    return view;
}

}  // namespace

Outcome<Tier> find_tier(std::string const& name) {
    for (auto const& named : kTiers) {
        if (name == named.name) return named.tier;
    }
    static std::regex const custom("db-custom-([1-9][0-9]?)-([1-9][0-9]{3,5})");
    std::smatch match;
    if (std::regex_match(name, match, custom)) {
        auto const memory = std::stoull(match[2]);
        if (memory % 256 == 0) {
            return Tier{memory, 4000, static_cast<unsigned>(std::stoul(match[1]))};
        }
    }
    return invalid(
        fmt::format("Invalid request: Invalid Tier ({}) for (ENTERPRISE) Edition.", name),
        "invalid");
}

Outcome<std::vector<std::string>> flag_lines(json::object const& settings) {
    std::vector<std::string> lines;
    auto const* const flags = settings.if_contains("databaseFlags");
    if (flags == nullptr || !flags->is_array()) return lines;
    for (auto const& one : flags->as_array()) {
        auto const name = text_field(one.as_object(), "name");
        auto const value = text_field(one.as_object(), "value");
        auto const* const known = std::find_if(kFlags.begin(), kFlags.end(),
                                               [&](auto const& flag) { return name == flag.name; });
        if (known == kFlags.end()) {
            return invalid(fmt::format("Invalid flag name: {}", name), "invalidFlagName");
        }
        if (!fits(*known, value)) {
            return invalid(fmt::format("Invalid flag value for {}: {}", name, value),
                           "invalidFlagValue");
        }
        lines.push_back(fmt::format("{}={}", name, value));
    }
    return lines;
}

void serve_sql_lists(Methods& methods) {
    methods.serve("sql.flags.list", "", [](Call&) {
        json::array items;
        for (auto const& flag : kFlags) items.push_back(flag_view(flag));
        return reply(json::object{{"kind", "sql#flagsList"}, {"items", std::move(items)}});
    });
    methods.serve("sql.tiers.list", "", [](Call&) {
        json::array items;
        for (auto const& [name, tier] : kTiers) {
            items.push_back(json::object{{"kind", "sql#tier"},
                                         {"tier", name},
                                         {"RAM", fmt::format("{}", tier.memory_mb << 20)},
                                         {"DiskQuota", "3297534883328"},
                                         {"region", {"us-central1", "europe-west1"}}});
        }
        return reply(json::object{{"kind", "sql#tiersList"}, {"items", std::move(items)}});
    });
}

}  // namespace aipress::sandbox
