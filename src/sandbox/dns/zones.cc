#include "sandbox/dns/zones.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "base/assert.h"
#include "sandbox/dns/limits.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/record_data.h"
#include "sandbox/dns/zone_keys.h"
#include "sandbox/operations.h"
#include "sandbox/projects.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFirstId = 1'000'000'000'000'000'000;
constexpr std::uint32_t kApexTtl = 21'600;
constexpr std::array<char, 5> kNameServerSets{'a', 'b', 'c', 'd', 'e'};

json::object body_of(Zone const& zone) {
    return {{"resource", zone.resource}, {"lastChange", zone.last_change}, {"sets", zone.sets}};
}

Zone zone_of(Document document) {
    auto& body = document.body.as_object();
    return {.key = std::move(document.name),
            .version = document.version,
            .resource = std::move(body.at("resource").as_object()),
            .last_change = body.at("lastChange").to_number<std::uint64_t>(),
            .sets = body.at("sets").to_number<std::uint64_t>()};
}

Outcome<std::string> zone_key(Transaction& transaction, std::string const& project_number,
                              std::string const& name_or_id) {
    bool const is_id = name_or_id.find_first_not_of("0123456789") == name_or_id.npos;
    if (is_id && !name_or_id.empty()) {
        auto const found = TRY(transaction.get(kZoneIds, name_or_id));
        if (found && found->body.as_string().starts_with(project_number + "/")) {
            return std::string(found->body.as_string());
        }
    }
    return project_number + "/" + name_or_id;
}

// The first set of name servers that no zone of this name has: a query to one of them must mean
// one zone.
Outcome<char> free_name_servers(Transaction& transaction, std::string const& dns_name) {
    auto const taken =
        TRY(transaction.list(kServedNames, served_prefix(dns_name), "", kNameServerSets.size()));
    for (char const letter : kNameServerSets) {
        bool const is_taken = std::any_of(
            taken.documents.begin(), taken.documents.end(), [&](Document const& document) {
                return document.body.at("nameServers").as_string().front() == letter;
            });
        if (!is_taken) return letter;
    }
    return ApiError{
        .code = ErrorCode::InvalidArgument,
        .message = fmt::format("The managed zone cannot be created because its DNS name "
                               "'{}' is not available.",
                               dns_name),
        .legacy_reason = "managedZoneDnsNameNotAvailable"};
}

Change first_change(Zone const& zone) {
    RecordSet servers{.name = zone.dns_name(), .type = "NS", .ttl = kApexTtl};
    for (auto const& server : zone.resource.at("nameServers").as_array()) {
        servers.data.emplace_back(server.as_string());
    }
    RecordSet const authority{
        .name = zone.dns_name(),
        .type = "SOA",
        .ttl = kApexTtl,
        .data = {servers.data.front() +
                 " cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"}};
    return {.additions = {servers, authority}};
}

Outcome<Done> check_zones_quota(Transaction& transaction, std::string const& project_number) {
    auto const page = TRY(transaction.list(kZones, project_number + "/", "", kZonesPerProject));
    if (page.documents.size() < kZonesPerProject) return Done();
    return quota_exceeded("managed zones");
}

Outcome<Done> remove_below(Transaction& transaction, std::string_view collection,
                           std::string const& prefix) {
    constexpr std::size_t kPage = 1000;
    while (true) {
        auto const page = TRY(transaction.list(collection, prefix, "", kPage));
        for (auto const& document : page.documents) {
            TRY(transaction.remove(collection, document.name));
        }
        if (page.next.empty()) return Done();
    }
}

}  // namespace

Outcome<Zone> find_zone(Transaction& transaction, Call const& call) {
    auto const project = TRY(find_active_project(transaction, call.path_parameter("project")));
    auto const& name = call.path_parameter("managedZone");
    auto found = TRY(transaction.get(kZones, TRY(zone_key(transaction, project.number, name))));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("managedZone \"projects/{}/managedZones/{}\" not "
                                               "found",
                                               project.id, name)};
    }
    return zone_of(std::move(*found));
}

Outcome<Zone> create_zone(Transaction& transaction, std::string const& project_number,
                          json::object resource, WallTime now) {
    Zone zone{.key = project_number + "/" + text_field(resource, "name")};
    if (TRY(transaction.get(kZones, zone.key))) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("The resource 'entity.managedZone' named '{}' "
                                               "already exists",
                                               text_field(resource, "name")),
                        .legacy_reason = "alreadyExists"};
    }
    TRY(check_zones_quota(transaction, project_number));
    auto const id = kFirstId + TRY(next_number(transaction, "dns_zone"));
    zone.resource = std::move(resource);
    zone.resource["id"] = fmt::format("{}", id);
    zone.resource["creationTime"] = timestamp(now);
    auto const letter =
        zone.is_public() ? TRY(free_name_servers(transaction, zone.dns_name())) : 'a';
    json::array servers;
    for (int number = 1; number <= 4; ++number) {
        servers.emplace_back(fmt::format("ns-cloud-{}{}.googledomains.com.", letter, number));
    }
    zone.resource["nameServers"] = std::move(servers);
    TRY(transaction.insert(kZoneIds, zone.id(), json::value(zone.key)));
    if (zone.is_public()) {
        TRY(transaction.insert(
            kServedNames, served_prefix(zone.dns_name()) + zone.id(),
            json::object{{"zone", zone.key}, {"nameServers", std::string(1, letter)}}));
    }
    TRY(put_change(transaction, zone, first_change(zone), now));
    zone.version = TRY(transaction.insert(kZones, zone.key, body_of(zone)));
    return zone;
}

Outcome<Done> update_zone(Transaction& transaction, Zone& zone) {
    zone.version = TRY(transaction.update(kZones, zone.key, zone.version, body_of(zone)));
    return Done();
}

Outcome<Done> remove_zone(Transaction& transaction, Zone const& zone) {
    constexpr std::size_t kOfItsOwn = 2;  // NS and SOA
    if (zone.sets > kOfItsOwn) {
        return ApiError{
            .code = ErrorCode::InvalidArgument,
            .message = fmt::format("The resource named '{}' cannot be deleted because it is not "
                                   "empty",
                                   text_field(zone.resource, "name")),
            .legacy_reason = "containerNotEmpty"};
    }
    for (auto const collection : {kRecordSets, kChanges, kPendingChanges, kZoneOperations}) {
        TRY(remove_below(transaction, collection, zone.id() + "/"));
    }
    if (zone.is_public()) {
        TRY(transaction.remove(kServedNames, served_prefix(zone.dns_name()) + zone.id()));
    }
    TRY(transaction.remove(kZoneIds, zone.id()));
    TRY(transaction.remove(kZones, zone.key));
    return Done();
}

Outcome<ZonePage> list_zones(Transaction& transaction, std::string const& project_number,
                             std::string const& dns_name, std::string const& start,
                             std::size_t most) {
    // With a name the whole project is looked through for the few that have it.
    auto const looked_at = dns_name.empty() ? most : kZonesPerProject;
    auto page = TRY(transaction.list(kZones, project_number + "/", start, looked_at));
    ZonePage result{.zones = {}, .next = std::move(page.next)};
    for (auto& document : page.documents) {
        auto zone = zone_of(std::move(document));
        if (dns_name.empty() || zone.dns_name() == dns_name) {
            result.zones.push_back(std::move(zone));
        }
    }
    return result;
}

Outcome<json::object> make_change(Transaction& transaction, Zone& zone, Change const& change,
                                  ChangePaths const& paths, WallTime now) {
    auto const sets_at = [&](std::string const& name) -> Outcome<std::vector<RecordSet>> {
        return TRY(list_sets(transaction, zone, name, "", kRecordSetsPerZone)).sets;
    };
    TRY(check_change(change, zone.dns_name(), sets_at, paths));
    if (zone.sets + change.additions.size() > kRecordSetsPerZone + change.deletions.size()) {
        return quota_exceeded("rrsets per managed zone");
    }
    auto made = TRY(put_change(transaction, zone, change, now));
    TRY(update_zone(transaction, zone));
    return made;
}

Outcome<std::optional<ServedZone>> read_served_zone(Transaction& transaction,
                                                    std::string const& dns_name) {
    constexpr std::size_t kPage = 1000;
    auto const oldest = TRY(transaction.list(kServedNames, served_prefix(dns_name), "", 1));
    if (oldest.documents.empty()) return std::optional<ServedZone>();
    auto const& key = oldest.documents.front().body.at("zone").as_string();
    auto found = TRY(transaction.get(kZones, key));
    ASSERT(found);
    auto const zone = zone_of(std::move(*found));
    ServedZone served{
        .id = zone.id(), .dns_name = zone.dns_name(), .last_change = zone.last_change};
    std::string start;
    do {
        auto page = TRY(list_sets(transaction, zone, "", start, kPage));
        for (auto const& set : page.sets) {
            if (set.type == "SOA") served.serial = serial_of(set.data.front());
            served.zone_file += zone_file_lines(set);
        }
        start = std::move(page.next);
    } while (!start.empty());
    return std::optional(std::move(served));
}

Outcome<std::vector<std::string>> list_served_names(Transaction& transaction) {
    constexpr std::size_t kPage = 1000;
    std::vector<std::string> names;
    std::string start;
    do {
        auto page = TRY(transaction.list(kServedNames, "", start, kPage));
        for (auto const& document : page.documents) {
            auto name = document.name.substr(0, document.name.find('/'));
            if (names.empty() || names.back() != name) names.push_back(std::move(name));
        }
        start = std::move(page.next);
    } while (!start.empty());
    return names;
}

}  // namespace aipress::sandbox::dns
