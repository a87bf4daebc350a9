#include "routing/records.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "routing/limits.h"

namespace aipress::routing {
namespace {

constexpr std::array<char const*, 3> kTypes{"A", "AAAA", "CNAME"};

std::string absolute(std::string const& host) {
    return host.ends_with('.') ? host : host + ".";
}

dns::RecordSet dns_set(gcp::RecordSet const& set) {
    return {.name = set.name,
            .type = set.type,
            .ttl = static_cast<std::uint32_t>(set.ttl),
            .data = set.data};
}

// For comparisons: in one spelling, and the types that are not there said to be so.
Result<std::vector<dns::RecordSet>> canonical_sets(HostRecords const& records) {
    std::vector<dns::RecordSet> sets;
    for (auto const& set : records.sets) {
        sets.push_back(TRY(dns::canonical(dns_set(set)).in_context(records.host)));
    }
    bool const is_alias =
        std::any_of(sets.begin(), sets.end(), [](auto const& set) { return set.type == "CNAME"; });
    if (is_alias) return sets;  // nothing else can be beside it
    for (auto const* const type : kTypes) {
        bool const is_there = std::any_of(sets.begin(), sets.end(),
                                          [&](auto const& set) { return set.type == type; });
        if (!is_there) {
            sets.push_back(
                TRY(dns::canonical({.name = absolute(records.host), .type = type, .data = {}})));
        }
    }
    return sets;
}

Result<bool> are_same(HostRecords const& a, HostRecords const& b) {
    auto const first = TRY(canonical_sets(a));
    auto const second = TRY(canonical_sets(b));
    return std::is_permutation(first.begin(), first.end(), second.begin(), second.end());
}

std::optional<std::string> type_of_address(std::string const& text) {
    in6_addr address{};
    if (::inet_pton(AF_INET, text.c_str(), &address) == 1) return "A";
    if (::inet_pton(AF_INET6, text.c_str(), &address) == 1) return "AAAA";
    return std::nullopt;
}

// A change that did not hold because the zone is another than it was when it was read.
bool is_outrun(gcp::ApiError const& error) {
    return error.code() == ErrorCode::NotFound || error.code() == ErrorCode::AlreadyExists ||
           error.code() == ErrorCode::Aborted || error.is_condition_not_met();
}

std::chrono::seconds longest_ttl(HostRecords const& records) {
    std::int64_t longest = 0;
    for (auto const& set : records.sets) longest = std::max(longest, set.ttl);
    return std::chrono::seconds(longest);
}

}  // namespace

std::string describe(HostRecords const& records) {
    if (records.sets.empty()) return "no record";
    std::vector<std::string> texts;
    for (auto const& set : records.sets) texts.push_back(dns::describe(dns_set(set)));
    return fmt::format("{}", fmt::join(texts, " and "));
}

Result<HostRecords> make_records(std::string const& host, std::vector<std::string> const& data,
                                 std::uint32_t ttl) {
    HostRecords records{.host = host};
    for (auto const& value : data) {
        auto const type = type_of_address(value).value_or("CNAME");
        auto set = std::find_if(records.sets.begin(), records.sets.end(),
                                [&](auto const& one) { return one.type == type; });
        if (set == records.sets.end()) {
            records.sets.push_back({.name = absolute(host), .type = type, .ttl = ttl});
            set = records.sets.end() - 1;
        }
        set->data.push_back(type == "CNAME" ? absolute(value) : value);
    }
    bool const has_alias = std::any_of(records.sets.begin(), records.sets.end(),
                                       [](auto const& set) { return set.type == "CNAME"; });
    if (data.empty() || (has_alias && data.size() > 1)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("{} cannot point to '{}': give one name, or addresses", host,
                                 fmt::join(data, " ")));
    }
    std::sort(records.sets.begin(), records.sets.end(),
              [](auto const& a, auto const& b) { return a.type < b.type; });
    TRY(canonical_sets(records));
    return records;
}

Result<HostRecords> Records::read_current(Context const& context, std::string const& host) const {
    HostRecords records{.host = host};
    std::string odd;
    TRY(dns_.list_record_sets(context, zone_, absolute(host), "",
                              [&](gcp::RecordSet const& set) -> gcp::Outcome<gcp::Done> {
                                  bool const is_address = std::find(kTypes.begin(), kTypes.end(),
                                                                    set.type) != kTypes.end();
                                  if (set.type == "ALIAS" || (is_address && set.data.empty())) {
                                      odd = set.type;
                                  }
                                  if (is_address) records.sets.push_back(set);
                                  return gcp::Done();
                              }));
    if (!odd.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{}: its {} set has a routing policy or is made up by Cloud DNS; "
                                 "give it plain data first",
                                 host, odd));
    }
    if (records.sets.empty()) {
        return Error(ErrorCode::NotFound,
                     fmt::format("zone {} of project {} has no CNAME, A or AAAA record set of {}'s "
                                 "own: is it the right zone, or does a wildcard answer? Add one "
                                 "that says what is answered now",
                                 zone_.zone, zone_.project, host));
    }
    std::sort(records.sets.begin(), records.sets.end(),
              [](auto const& a, auto const& b) { return a.type < b.type; });
    return records;
}

Result<Published> Records::lower_ttl(Context const& context, HostRecords const& from,
                                     std::uint32_t ttl) const {
    if (ttl == 0 || ttl > limits::kSwitchTtlMost) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("a TTL of {} s cannot be waited out in a switch: give 1 to {}",
                                 ttl, limits::kSwitchTtlMost));
    }
    auto to = from;
    for (auto& set : to.sets) set.ttl = std::min<std::int64_t>(set.ttl, ttl);
    return exchange(context, from, to);
}

Result<Published> Records::point_to(Context const& context, HostRecords const& from,
                                    std::vector<std::string> const& data, std::uint32_t ttl) const {
    auto const to = TRY(make_records(from.host, data, ttl));
    return exchange(context, from, to);
}

Result<Published> Records::restore(Context const& context, HostRecords const& from,
                                   HostRecords const& to) const {
    return exchange(context, from, to);
}

Result<std::vector<dns::NameServer>> Records::name_servers(Context const& context) const {
    if (server_) {
        return std::vector<dns::NameServer>{
            {.name = dns::to_string(*server_), .addresses = {*server_}}};
    }
    auto const zone = TRY(dns_.get_zone(context, zone_));
    std::vector<std::string> names;
    for (auto const& name : gcp::array_of(zone, "nameServers")) {
        if (name.is_string()) names.emplace_back(name.get_string());
    }
    auto const resolvers = TRY(dns::system_resolvers());
    return dns::find_addresses(context, resolvers, names)
        .in_context(fmt::format("the name servers of zone {}", zone_.zone));
}

// Until the zone has `to`. False when it had it from the start.
Result<bool> Records::change(Context const& context, HostRecords const& from, HostRecords const& to,
                             std::vector<dns::NameServer> const& servers) const {
    for (unsigned number = 1;; ++number) {
        auto const current = TRY(read_current(context, from.host));
        if (TRY(are_same(current, to))) return number > 1;
        if (!TRY(are_same(current, from))) {
            return Error(
                ErrorCode::FailedPrecondition,
                fmt::format("{} is neither {} as it was nor {} as it shall be, but {}: somebody "
                            "else changed it; nothing is overwritten",
                            from.host, describe(from), describe(to), describe(current)));
        }
        auto const proof = dns::wait_until_served(context.within(limits::kProofTime), servers,
                                                  TRY(canonical_sets(from)));
        if (!proof.ok()) return Error(proof.error()).in_context("nothing was changed yet");
        // To the letter as the API has it: that is what it compares.
        auto const changed = dns_.change(context, zone_, current.sets, to.sets);
        if (changed.ok()) return true;
        if (!is_outrun(changed.error()) || number == limits::kChangesMost) return changed.error();
    }
}

Result<Published> Records::exchange(Context const& context, HostRecords const& from,
                                    HostRecords const& to) const {
    auto const servers = TRY(name_servers(context));
    TRY(change(context, from, to, servers).in_context("pointing " + from.host));
    auto const wanted = TRY(canonical_sets(to));
    TRY(dns::wait_until_served(context, servers, wanted)
            .in_context(fmt::format("{} is changed in zone {}", from.host, zone_.zone)));
    bool const is_another = !TRY(are_same(from, to));
    auto const now = context.clock().wall_now();
    return Published{.records = to, .forgotten_at = is_another ? now + longest_ttl(from) : now};
}

Result<void> wait_until(Context const& context, WallTime time) {
    while (context.clock().wall_now() < time) {
        auto const left = std::chrono::ceil<milliseconds>(time - context.clock().wall_now());
        if (context.sleep(left)) continue;
        if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
        return Error(ErrorCode::DeadlineExceeded, "waiting until no cache has the old record");
    }
    return {};
}

}  // namespace aipress::routing
