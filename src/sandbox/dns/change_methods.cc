#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "base/assert.h"
#include "sandbox/dns/limits.h"
#include "sandbox/dns/methods.h"
#include "sandbox/dns/zones.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

Outcome<std::vector<RecordSet>> parse_sets(json::object const& fields, std::string const& member,
                                           std::string const& zone) {
    std::vector<RecordSet> sets;
    auto const* const sent = fields.if_contains(member);
    if (sent == nullptr) return sets;
    for (auto const& one : sent->as_array()) {
        auto const path = fmt::format("entity.change.{}[{}]", member, sets.size());
        sets.push_back(TRY(parse_record_set(one.as_object(), zone, path)));
    }
    return sets;
}

std::optional<std::uint64_t> parse_number(std::string const& text) {
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class Changes {
public:
    Changes(Store& store, Clock& clock, Publisher& publisher)
        : store_(store), clock_(clock), publisher_(publisher) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);

private:
    Store& store_;
    Clock& clock_;
    Publisher& publisher_;
};

Outcome<Reply> Changes::create(Call& call) {
    std::string dns_name;
    auto made = TRY(write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto zone = TRY(find_zone(transaction, call));
        dns_name = zone.dns_name();
        Change change;
        change.deletions = TRY(parse_sets(call.fields(), "deletions", dns_name));
        change.additions = TRY(parse_sets(call.fields(), "additions", dns_name));
        if (change.additions.empty() && change.deletions.empty()) {
            return missing_parameter("entity.change");
        }
        return reply(TRY(make_change(transaction, zone, change, ChangePaths(), clock_.wall_now())));
    }));
    publisher_.publish(dns_name);
    return made;
}

Outcome<Reply> Changes::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        auto const& id = call.path_parameter("changeId");
        if (auto const number = parse_number(id)) {
            auto found = TRY(find_change(transaction, zone, *number));
            if (found) return reply(std::move(*found));
        }
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("The 'parameters.changeId' resource named '{}' does "
                                               "not exist.",
                                               id)};
    });
}

// The changes of a zone are numbered without a gap; a page begins with the number in its token.
Outcome<Reply> Changes::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kPageDefault, kPageMost));
    auto const start = parse_number(TRY(page_start(call.query("pageToken"))));
    auto const order = call.query("sortOrder");
    if (!order.empty() && order != "ascending" && order != "descending") {
        return invalid_value("parameters.sortOrder", order);
    }
    bool const is_descending = order == "descending";
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        json::object result{{"kind", "dns#changesListResponse"}};
        auto& listed = result["changes"].emplace_array();
        auto number = start.value_or(is_descending ? zone.last_change : 0);
        // Below 0 it is beyond the last, too.
        for (; number <= zone.last_change; number += is_descending ? -1ULL : 1ULL) {
            if (listed.size() == most) {
                result["nextPageToken"] = page_token(fmt::format("{}", number));
                break;
            }
            auto found = TRY(find_change(transaction, zone, number));
            ASSERT(found);
            listed.push_back(std::move(*found));
        }
        return reply(std::move(result));
    });
}

}  // namespace

void serve_changes(Methods& methods, Store& store, Clock& clock, Publisher& publisher) {
    auto const changes = std::make_shared<Changes>(store, clock, publisher);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("dns.changes.{}", verb), "v1", handler);
    };
    serve("create", [=](Call& call) { return changes->create(call); });
    serve("get", [=](Call& call) { return changes->get(call); });
    serve("list", [=](Call& call) { return changes->list(call); });
}

}  // namespace aipress::sandbox::dns
