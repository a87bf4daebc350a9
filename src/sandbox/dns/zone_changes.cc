#include <fmt/format.h>

#include "base/assert.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/record_data.h"
#include "sandbox/dns/zone_keys.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

std::string name_prefix(Zone const& zone, std::string const& name) {
    return fmt::format("{}/{}/", zone.id(), reversed_name(name));
}

std::string set_key(Zone const& zone, RecordSet const& set) {
    return name_prefix(zone, set.name) + set.type;
}

std::string change_key(std::string_view zone_id, std::uint64_t number) {
    return fmt::format("{}/{:012}", zone_id, number);
}

// The serial that the change makes, in the zone's SOA: the client's own when it is a newer one.
Outcome<Done> advance_serial(Transaction& transaction, Zone const& zone, std::uint32_t before) {
    auto found = TRY(find_set(transaction, zone, zone.dns_name(), "SOA"));
    ASSERT(found);
    auto& data = found->data.front();
    if (serial_of(data) > before) return Done();
    data = with_serial(data, before + 1);
    TRY(transaction.update(kRecordSets, set_key(zone, *found), std::nullopt, to_json(*found)));
    return Done();
}

Outcome<std::uint32_t> current_serial(Transaction& transaction, Zone const& zone) {
    auto const found = TRY(find_set(transaction, zone, zone.dns_name(), "SOA"));
    return found ? serial_of(found->data.front()) : 0;
}

// Whether the name server is to answer for it.
Outcome<bool> is_served(Transaction& transaction, Zone const& zone) {
    if (!zone.is_public()) return false;
    auto const prefix = served_prefix(zone.dns_name());
    auto const oldest = TRY(transaction.list(kServedNames, prefix, "", 1));
    return !oldest.documents.empty() && oldest.documents.front().name == prefix + zone.id();
}

json::array to_json(std::vector<RecordSet> const& sets) {
    json::array listed;
    for (auto const& set : sets) listed.push_back(to_json(set));
    return listed;
}

}  // namespace

std::string served_prefix(std::string_view dns_name) {
    return std::string(dns_name) + "/";
}

Outcome<std::optional<RecordSet>> find_set(Transaction& transaction, Zone const& zone,
                                           std::string const& name, std::string const& type) {
    auto const found = TRY(transaction.get(kRecordSets, name_prefix(zone, name) + type));
    if (!found) return std::optional<RecordSet>();
    return std::optional(from_json(found->body.as_object()));
}

Outcome<SetPage> list_sets(Transaction& transaction, Zone const& zone, std::string const& name,
                           std::string const& start, std::size_t most) {
    auto const prefix = name.empty() ? zone.id() + "/" : name_prefix(zone, name);
    auto page = TRY(transaction.list(kRecordSets, prefix, start, most));
    SetPage result{.sets = {}, .next = std::move(page.next)};
    for (auto const& document : page.documents) {
        auto set = from_json(document.body.as_object());
        // A label may hold the '/' that ends the prefix.
        if (name.empty() || set.name == name) result.sets.push_back(std::move(set));
    }
    return result;
}

Outcome<json::object> put_change(Transaction& transaction, Zone& zone, Change const& change,
                                 WallTime now) {
    auto const is_first = zone.sets == 0;
    auto const serial = TRY(current_serial(transaction, zone));
    for (auto const& deletion : change.deletions) {
        TRY(transaction.remove(kRecordSets, set_key(zone, deletion)));
    }
    for (auto const& addition : change.additions) {
        TRY(transaction.insert(kRecordSets, set_key(zone, addition), to_json(addition)));
    }
    TRY(advance_serial(transaction, zone, serial));
    zone.sets = zone.sets + change.additions.size() - change.deletions.size();
    auto const number = is_first ? 0 : zone.last_change + 1;
    zone.last_change = number;

    bool const is_answered = TRY(is_served(transaction, zone));
    json::object made{{"kind", "dns#change"},
                      {"id", fmt::format("{}", number)},
                      {"startTime", timestamp(now)},
                      {"status", "pending"},
                      {"isServing", is_answered}};
    if (!change.additions.empty()) made["additions"] = to_json(change.additions);
    if (!change.deletions.empty()) made["deletions"] = to_json(change.deletions);
    auto stored = made;
    // Nobody answers for the zone, hence nothing is waited for.
    if (!is_answered) stored["status"] = "done";
    TRY(transaction.insert(kChanges, change_key(zone.id(), number), stored));
    if (is_answered) {
        TRY(transaction.insert(kPendingChanges, change_key(zone.id(), number), json::object()));
    }
    return made;
}

Outcome<std::optional<json::object>> find_change(Transaction& transaction, Zone const& zone,
                                                 std::uint64_t number) {
    auto found = TRY(transaction.get(kChanges, change_key(zone.id(), number)));
    if (!found) return std::optional<json::object>();
    return std::optional(std::move(found->body.as_object()));
}

Outcome<Done> mark_done(Transaction& transaction, std::string const& zone_id,
                        std::uint64_t last_change) {
    constexpr std::size_t kPage = 1000;
    auto const last = change_key(zone_id, last_change);
    while (true) {
        auto const page = TRY(transaction.list(kPendingChanges, zone_id + "/", "", kPage));
        std::size_t marked = 0;
        for (auto const& pending : page.documents) {
            if (pending.name > last) break;
            auto found = TRY(transaction.get(kChanges, pending.name));
            ASSERT(found);
            found->body.as_object()["status"] = "done";
            TRY(transaction.update(kChanges, pending.name, found->version, found->body));
            TRY(transaction.remove(kPendingChanges, pending.name));
            ++marked;
        }
        if (marked < page.documents.size() || page.next.empty()) return Done();
    }
}

}  // namespace aipress::sandbox::dns
