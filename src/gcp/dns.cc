#include "gcp/dns.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "dns.googleapis.com";

std::string zones_path(std::string const& project) {
    return fmt::format("/dns/v1/projects/{}/managedZones", http::percent_encoded(project));
}

std::string zone_path(ZoneName const& zone) {
    return fmt::format("{}/{}", zones_path(zone.project), http::percent_encoded(zone.zone));
}

RecordSet read_set(json::object const& fields) {
    RecordSet set{.name = text_of(fields, "name"),
                  .type = text_of(fields, "type"),
                  .ttl = integer_of(fields, "ttl").value_or(0)};
    for (auto const& value : array_of(fields, "rrdatas")) {
        if (value.is_string()) set.data.emplace_back(value.get_string());
    }
    return set;
}

std::vector<RecordSet> read_sets(json::object const& change, std::string_view field) {
    std::vector<RecordSet> sets;
    for (auto const& item : array_of(change, field)) {
        if (item.is_object()) sets.push_back(read_set(item.get_object()));
    }
    return sets;
}

// What was asked for, in one order. Google raises the zone's serial by itself.
std::vector<RecordSet> comparable(std::vector<RecordSet> sets) {
    std::erase_if(sets, [](RecordSet const& set) { return set.type == "SOA"; });
    std::sort(sets.begin(), sets.end());
    return sets;
}

json::array written(std::vector<RecordSet> const& sets) {
    json::array list;
    for (auto const& set : sets) {
        json::array data;
        for (auto const& value : set.data) data.emplace_back(value);
        list.push_back(json::object{{"name", set.name},
                                    {"type", set.type},
                                    {"ttl", set.ttl},
                                    {"rrdatas", std::move(data)}});
    }
    return list;
}

}  // namespace

Outcome<json::object> Dns::get_zone(Context const& context, ZoneName const& zone) const {
    return connection_.call(context, {.api = kApi, .path = zone_path(zone)});
}

Outcome<Done> Dns::list_zones(Context const& context, std::string const& project,
                              Connection::Visitor const& visit) const {
    return connection_.for_each(context, {.api = kApi, .path = zones_path(project)}, "managedZones",
                                visit);
}

Outcome<Done> Dns::list_record_sets(Context const& context, ZoneName const& zone,
                                    std::string const& name, std::string const& type,
                                    Visitor const& visit) const {
    Call call{.api = kApi, .path = zone_path(zone) + "/rrsets"};
    if (!name.empty()) call.query.emplace_back("name", name);
    if (!type.empty()) call.query.emplace_back("type", type);
    return connection_.for_each(context, std::move(call), "rrsets",
                                [&](json::object const& item) { return visit(read_set(item)); });
}

// The zone as the change leaves it, and the newest such change of the last ones: an older one alike
// was undone since, or the zone would not be so.
Check Dns::find_change(ZoneName const& zone, std::vector<RecordSet> const& deletions,
                       std::vector<RecordSet> const& additions) const {
    return [=, this](Context const& context) -> Outcome<std::optional<json::object>> {
        for (auto const& addition : additions) {
            bool is_there = false;
            TRY(list_record_sets(context, zone, addition.name, addition.type,
                                 [&](RecordSet const& set) -> Outcome<Done> {
                                     is_there = is_there || set == addition;
                                     return Done();
                                 }));
            if (!is_there) return std::optional<json::object>();
        }
        auto const changes = TRY(connection_.call(
            context, {.api = kApi,
                      .path = zone_path(zone) + "/changes",
                      .query = {{"maxResults", "20"}, {"sortOrder", "descending"}}}));
        for (auto const& item : array_of(changes, "changes")) {
            if (!item.is_object()) continue;
            auto const& change = item.get_object();
            bool const is_same =
                comparable(read_sets(change, "additions")) == comparable(additions) &&
                comparable(read_sets(change, "deletions")) == comparable(deletions);
            if (is_same) return std::optional(change);
        }
        return std::optional<json::object>();
    };
}

Outcome<Done> Dns::change(Context const& context, ZoneName const& zone,
                          std::vector<RecordSet> const& deletions,
                          std::vector<RecordSet> const& additions) const {
    auto const path = zone_path(zone) + "/changes";
    auto change = TRY(connection_.call(
        context,
        {.api = kApi,
         .method = "POST",
         .path = path,
         .body = json::object{{"deletions", written(deletions)}, {"additions", written(additions)}},
         .idempotent = Idempotent::Yes,
         .check = find_change(zone, deletions, additions)}));
    Call const asked{.api = kApi, .path = fmt::format("{}/{}", path, text_of(change, "id"))};
    for (auto interval = limits::kPollFirst; text_of(change, "status") != "done";
         interval = std::min(interval * 3 / 2, limits::kPollMost)) {
        if (!context.sleep(interval)) {
            if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
            return Error(ErrorCode::DeadlineExceeded,
                         fmt::format("change {} of zone {} is made but not served everywhere yet",
                                     text_of(change, "id"), zone.zone));
        }
        change = TRY(connection_.call(context, asked));
    }
    return Done();
}

}  // namespace aipress::gcp
