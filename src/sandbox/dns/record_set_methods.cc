#include <fmt/format.h>
#include <memory>

#include "sandbox/dns/limits.h"
#include "sandbox/dns/methods.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/zones.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

ChangePaths const kPaths{.additions = "entity.rrset", .deletions = "parameters.name"};

class RecordSets {
public:
    RecordSets(Store& store, Clock& clock, Publisher& publisher)
        : store_(store), clock_(clock), publisher_(publisher) {}

    Outcome<Reply> list(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> create(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);

private:
    // Makes the change that `plan` wants of the zone.
    Outcome<Done> change(Call const& call,
                         std::function<Outcome<Change>(Transaction&, Zone const&)> const& plan);

    Store& store_;
    Clock& clock_;
    Publisher& publisher_;
};

// The set that the path names.
Outcome<RecordSet> named_set(Transaction& transaction, Zone const& zone, Call const& call) {
    auto const& name = call.path_parameter("name");
    auto const& type = call.path_parameter("type");
    auto const canonical = canonical_name(name, Wildcard::Allowed);
    if (!canonical) return invalid_value("parameters.name", name);
    auto found = TRY(find_set(transaction, zone, *canonical, type));
    if (found) return std::move(*found);
    return ApiError{.code = ErrorCode::NotFound,
                    .message = fmt::format("The 'parameters.name' resource named '{} ({})' does "
                                           "not exist.",
                                           name, type)};
}

Outcome<Done> RecordSets::change(
    Call const& call, std::function<Outcome<Change>(Transaction&, Zone const&)> const& plan) {
    std::string dns_name;
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        auto zone = TRY(find_zone(transaction, call));
        dns_name = zone.dns_name();
        auto const planned = TRY(plan(transaction, zone));
        TRY(make_change(transaction, zone, planned, kPaths, clock_.wall_now()));
        return Done();
    }));
    publisher_.publish(dns_name);
    return Done();
}

Outcome<Reply> RecordSets::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kPageDefault, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    auto const type = call.query("type");
    auto name = call.query("name");
    if (name.empty() && !type.empty()) return missing_parameter("parameters.name");
    if (!name.empty()) {
        auto canonical = canonical_name(name, Wildcard::Allowed);
        if (!canonical) return invalid_value("parameters.name", name);
        name = std::move(*canonical);
    }
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        auto const page = TRY(list_sets(transaction, zone, name, start, most));
        json::object result{{"kind", "dns#resourceRecordSetsListResponse"}};
        auto& listed = result["rrsets"].emplace_array();
        for (auto const& set : page.sets) {
            if (type.empty() || set.type == type) listed.push_back(to_json(set));
        }
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> RecordSets::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        return reply(to_json(TRY(named_set(transaction, zone, call))));
    });
}

Outcome<Reply> RecordSets::create(Call& call) {
    json::object made;
    TRY(change(call, [&](Transaction&, Zone const& zone) -> Outcome<Change> {
        auto const set = TRY(parse_record_set(call.fields(), zone.dns_name(), "entity.rrset"));
        made = to_json(set);
        return Change{.additions = {set}};
    }));
    return reply(std::move(made));
}

Outcome<Reply> RecordSets::patch(Call& call) {
    json::object made;
    TRY(change(call, [&](Transaction& transaction, Zone const& zone) -> Outcome<Change> {
        auto const before = TRY(named_set(transaction, zone, call));
        auto fields = to_json(before);
        for (auto const* const field : {"name", "type", "ttl", "rrdatas", "routingPolicy"}) {
            if (auto const* const value = call.fields().if_contains(field)) fields[field] = *value;
        }
        auto const after = TRY(parse_record_set(fields, zone.dns_name(), "entity.rrset"));
        made = to_json(after);
        return Change{.additions = {after}, .deletions = {before}};
    }));
    return reply(std::move(made));
}

Outcome<Reply> RecordSets::remove(Call& call) {
    TRY(change(call, [&](Transaction& transaction, Zone const& zone) -> Outcome<Change> {
        return Change{.deletions = {TRY(named_set(transaction, zone, call))}};
    }));
    return reply(json::object());
}

}  // namespace

void serve_record_sets(Methods& methods, Store& store, Clock& clock, Publisher& publisher) {
    auto const sets = std::make_shared<RecordSets>(store, clock, publisher);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("dns.resourceRecordSets.{}", verb), "v1", handler);
    };
    serve("list", [=](Call& call) { return sets->list(call); });
    serve("get", [=](Call& call) { return sets->get(call); });
    serve("create", [=](Call& call) { return sets->create(call); });
    serve("patch", [=](Call& call) { return sets->patch(call); });
    serve("delete", [=](Call& call) { return sets->remove(call); });
}

}  // namespace aipress::sandbox::dns
