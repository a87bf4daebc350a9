#include "sandbox/fault_rules.h"

#include <algorithm>
#include <array>
#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <set>
#include <sstream>

#include "sandbox/limits.h"
#include "sandbox/stale_lists.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// In the order of FaultKind.
constexpr std::array<std::string_view, 14> kFaultKinds{
    "rate_limited",  "internal",   "unavailable",    "permission_denied",   "lost_response",
    "cut_body",      "slow",       "slow_operation", "failed_operation",    "half_made",
    "project_quota", "stale_list", "instance_crash", "instance_out_of_disk"};

constexpr std::string_view kProjectCreation = "cloudresourcemanager.projects.create";
constexpr milliseconds kRetryAfter{1'000};

bool is_delayed(FaultKind kind) {
    return kind == FaultKind::Slow || kind == FaultKind::SlowOperation ||
           kind == FaultKind::StaleList;
}

// Reads one rule; what is wrong is said with its place.
class RuleReader {
public:
    RuleReader(std::size_t index, json::object const& object) : index_(index), object_(object) {}

    Result<FaultRule> read(Catalogue const& catalogue) const;

private:
    [[nodiscard]] Error wrong(std::string_view member, std::string_view what) const {
        return {ErrorCode::InvalidArgument, fmt::format("rules[{}].{}: {}", index_, member, what)};
    }
    [[nodiscard]] Result<void> check_members() const;
    Result<void> read_text(std::string_view member, std::string& text) const;
    Result<void> read_rate(FaultRule& rule) const;
    Result<void> read_at(FaultRule& rule) const;
    // A whole number up to `most`; nullopt: it is not there.
    Result<std::optional<std::uint64_t>> read_number(std::string_view member, std::uint64_t least,
                                                     std::uint64_t most) const;
    Result<void> read_times(FaultRule& rule) const;
    [[nodiscard]] Result<void> check_method(FaultRule const& rule,
                                            Catalogue const& catalogue) const;
    [[nodiscard]] Result<void> check_kind(FaultRule const& rule) const;

    std::size_t const index_;
    json::object const& object_;
};

Result<void> RuleReader::check_members() const {
    static std::set<std::string_view> const known{
        "kind", "method", "version", "instance", "permission",
        "rate", "at",     "burst",   "delay_ms", "retry_after_ms"};
    for (auto const& member : object_) {
        if (!known.contains(member.key())) {
            return wrong(member.key(),
                         fmt::format("unknown; a rule has {}", fmt::join(known, ", ")));
        }
    }
    return {};
}

Result<void> RuleReader::read_text(std::string_view member, std::string& text) const {
    auto const* const value = object_.if_contains(member);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_string().empty()) {
        return wrong(member, "expected a text that is not empty");
    }
    text = std::string(value->get_string());
    return {};
}

Result<void> RuleReader::read_rate(FaultRule& rule) const {
    auto const* const value = object_.if_contains("rate");
    if (value == nullptr) return {};
    boost::system::error_code failure;
    rule.rate = value->is_number() ? value->to_number<double>(failure) : -1;
    if (failure || !(rule.rate >= 0 && rule.rate <= 1)) {
        return wrong("rate", "expected a number from 0 to 1");
    }
    return {};
}

Result<void> RuleReader::read_at(FaultRule& rule) const {
    auto const* const value = object_.if_contains("at");
    if (value == nullptr) return {};
    auto const error = wrong("at", "expected a list of whole numbers from 1 on, such as [3, 7]");
    if (!value->is_array() || value->get_array().empty()) return error;
    for (auto const& number : value->get_array()) {
        if (!number.is_int64() || number.get_int64() < 1) return error;
        rule.at.push_back(static_cast<std::uint64_t>(number.get_int64()));
    }
    std::sort(rule.at.begin(), rule.at.end());
    return {};
}

Result<std::optional<std::uint64_t>> RuleReader::read_number(std::string_view member,
                                                             std::uint64_t least,
                                                             std::uint64_t most) const {
    auto const* const value = object_.if_contains(member);
    if (value == nullptr) return std::optional<std::uint64_t>();
    auto const number = value->is_int64() ? value->get_int64() : -1;
    if (number < 0 || static_cast<std::uint64_t>(number) < least ||
        static_cast<std::uint64_t>(number) > most) {
        return wrong(member, fmt::format("expected a whole number from {} to {}", least, most));
    }
    return std::optional(static_cast<std::uint64_t>(number));
}

Result<void> RuleReader::read_times(FaultRule& rule) const {
    auto const most = static_cast<std::uint64_t>(limits::kFaultDelay.count());
    rule.burst = TRY(read_number("burst", 1, limits::kFaultBurst)).value_or(1);
    if (auto const delay = TRY(read_number("delay_ms", 1, most))) rule.delay = milliseconds(*delay);
    if (auto const pause = TRY(read_number("retry_after_ms", 0, most))) {
        rule.retry_after = milliseconds(*pause);
    }
    bool const is_late = is_delayed(rule.kind);
    if (is_late && rule.delay.count() == 0) {
        return wrong("delay_ms", fmt::format("missing; '{}' needs it", to_string(rule.kind)));
    }
    if (!is_late && rule.delay.count() != 0) {
        return wrong("delay_ms", fmt::format("'{}' has none", to_string(rule.kind)));
    }
    bool const may_say_when =
        rule.kind == FaultKind::RateLimited || rule.kind == FaultKind::Unavailable;
    if (rule.retry_after && !may_say_when) {
        return wrong("retry_after_ms", fmt::format("'{}' has none", to_string(rule.kind)));
    }
    if (rule.kind == FaultKind::RateLimited && !rule.retry_after) rule.retry_after = kRetryAfter;
    if (rule.rate == 0 && rule.at.empty()) {
        return wrong("rate", "missing; a rule says when by 'rate', by 'at' or by both");
    }
    return {};
}

Result<void> RuleReader::check_method(FaultRule const& rule, Catalogue const& catalogue) const {
    bool is_version_known = rule.version.empty();
    bool is_no_list = false;
    for (auto const& api : catalogue.apis()) {
        is_version_known = is_version_known || api.version == rule.version;
        for (auto const& method : api.methods) {
            if (!rule.matches(method)) continue;
            if (rule.kind != FaultKind::StaleList || lists_with_times(method)) return {};
            is_no_list = true;
        }
    }
    if (is_no_list) {
        return wrong("method", fmt::format("'{}' answers with no list whose resources say when "
                                           "they were made",
                                           rule.method));
    }
    if (!is_version_known) {
        return wrong("version", fmt::format("no API has the version '{}'", rule.version));
    }
    return wrong(
        "method",
        fmt::format("'{}' is no method's id{}; docs/reference/sandbox-methods.md lists "
                    "all of them",
                    rule.method, rule.version.empty() ? "" : fmt::format(" of {}", rule.version)));
}

Result<void> RuleReader::check_kind(FaultRule const& rule) const {
    bool const is_of_projects =
        rule.kind == FaultKind::HalfMade || rule.kind == FaultKind::ProjectQuota;
    if (is_of_projects && rule.method != kProjectCreation) {
        return wrong("method",
                     fmt::format("'{}' is for {} alone", to_string(rule.kind), kProjectCreation));
    }
    if (object_.contains("instance") && !is_of_instance(rule.kind)) {
        return wrong("instance", "only 'instance_crash' and 'instance_out_of_disk' have it");
    }
    bool const is_of_permission = rule.kind == FaultKind::PermissionDenied;
    if (is_of_permission != object_.contains("permission")) {
        return wrong("permission", fmt::format("'{}' {}", to_string(rule.kind),
                                               is_of_permission ? "needs it" : "has none"));
    }
    if (is_of_instance(rule.kind) && rule.method != "*" && !rule.method.starts_with("sql.")) {
        return wrong("method", "a Cloud SQL instance is named by the methods of sql.* alone");
    }
    return {};
}

Result<FaultRule> RuleReader::read(Catalogue const& catalogue) const {
    TRY(check_members());
    FaultRule rule;
    std::string kind;
    TRY(read_text("kind", kind));
    auto const known = fault_kind_of(kind);
    if (!known) {
        return wrong("kind", fmt::format("'{}' is none of {}", kind, fmt::join(kFaultKinds, ", ")));
    }
    rule.kind = *known;
    TRY(read_text("method", rule.method));
    TRY(read_text("version", rule.version));
    TRY(read_text("instance", rule.instance));
    TRY(read_text("permission", rule.permission));
    TRY(read_rate(rule));
    TRY(read_at(rule));
    TRY(read_times(rule));
    TRY(check_method(rule, catalogue));
    TRY(check_kind(rule));
    return rule;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
    return kFaultKinds.at(static_cast<std::size_t>(kind));
}

std::optional<FaultKind> fault_kind_of(std::string_view name) {
    auto const* const found = std::find(kFaultKinds.begin(), kFaultKinds.end(), name);
    if (found == kFaultKinds.end()) return std::nullopt;
    return static_cast<FaultKind>(found - kFaultKinds.begin());
}

// The last `*` takes in as much more as it must: no recursion, linear for one of them.
bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t at = 0;
    std::size_t begin = 0;
    auto star = std::string_view::npos;
    std::size_t resume = 0;
    while (begin < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            resume = begin;
        } else if (at < pattern.size() && pattern[at] == text[begin]) {
            ++at;
            ++begin;
        } else if (star != pattern.npos) {
            at = star + 1;
            begin = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == pattern.npos;
}

bool FaultRule::matches(Method const& asked) const {
    return (version.empty() || asked.api->version == version) && matches_pattern(method, asked.id);
}

Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text,
                                                 Catalogue const& catalogue) {
    boost::system::error_code failure;
    json::parse_options options;
    options.allow_comments = true;
    json::stream_parser parser({}, options);
    auto const used = parser.write_some({text.data(), text.size()}, failure);
    auto const line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(used), '\n');
    if (!failure) parser.finish(failure);
    if (failure || text.find_first_not_of(" \t\r\n", used) != text.npos) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("line {}: not valid JSON{}{}", line, failure ? ": " : "",
                                 failure ? failure.message() : ""));
    }
    auto const document = parser.release();
    auto const* const object = document.if_object();
    auto const* const rules = object == nullptr ? nullptr : object->if_contains("rules");
    if (rules == nullptr || !rules->is_array() || object->size() != 1) {
        return Error(ErrorCode::InvalidArgument,
                     R"(expected {"rules": [{"kind": …, "method": …, "rate": …}, …]})");
    }
    if (rules->get_array().size() > limits::kFaultRules) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("rules: more than {} of them", limits::kFaultRules));
    }
    std::vector<FaultRule> result;
    for (auto const& rule : rules->get_array()) {
        if (!rule.is_object()) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("rules[{}]: expected an object", result.size()));
        }
        result.push_back(TRY(RuleReader(result.size(), rule.get_object()).read(catalogue)));
    }
    return result;
}

Result<std::vector<FaultRule>> read_fault_rules(std::filesystem::path const& file,
                                                Catalogue const& catalogue) {
    std::ifstream input(file);
    std::ostringstream text;
    text << input.rdbuf();
    if (!input) {
        return Error(ErrorCode::NotFound, fmt::format("cannot read '{}'", file.string()));
    }
    return parse_fault_rules(text.str(), catalogue).in_context(file.string());
}

}  // namespace aipress::sandbox
