#include "poc/project.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>
#include <fmt/format.h>
#include <iomanip>
#include <set>
#include <sstream>
#include <utility>

#include "poc/history.h"
#include "poc/new_project.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr unsigned kAdditionsOfChange = 1'000;
constexpr unsigned kPage = 1'000;
constexpr int kTtl = 60;

std::string scope_label(Scope scope) {
    return scope == Scope::Sites ? "sites" : "records-only";
}

Result<void> check_project(json::value const& project, SeedOptions const& options) {
    auto const seed = text_at(project, "/labels/poc-seed");
    auto const scope = text_at(project, "/labels/poc-scope");
    if (seed == fmt::format("{}", options.seed) && scope == scope_label(options.scope)) return {};
    if (seed.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the sandbox has a project {} that is not the PoC's", kProject));
    }
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("{} was seeded with --seed {}{} and can only be carried on with that",
                             kProject, seed, scope == "sites" ? "" : " --metadata-only"));
}

// 2026-11-30T12:00:00.123Z
WallTime parse_time(std::string const& text) {
    std::tm parts{};
    std::istringstream(text) >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

json::object name_record(std::string const& name, std::string_view type, json::array data) {
    return {{"kind", "dns#resourceRecordSet"},
            {"name", name},
            {"type", type},
            {"ttl", kTtl},
            {"rrdatas", std::move(data)}};
}

std::string zone_path(DnsZone const& zone) {
    return fmt::format("dns.googleapis.com/dns/v1/projects/{}/managedZones/{}", kProject,
                       zone.name);
}

// Of the zone's names those that are of `type`.
Result<std::set<std::string>> names_of(Google& google, DnsZone const& zone, std::string_view type) {
    std::set<std::string> names;
    std::string token;
    do {
        auto const page =
            TRY(google.get(fmt::format("{}/rrsets?maxResults={}&pageToken={}", zone_path(zone),
                                       kPage, http::percent_encoded(token))));
        for (auto const& set : page.at("rrsets").as_array()) {
            if (text_at(set, "/type") == type) names.insert(text_at(set, "/name"));
        }
        token = text_at(page, "/nextPageToken");
    } while (!token.empty());
    return names;
}

Result<void> add_records(Google& google, DnsZone const& zone, json::array additions) {
    if (additions.empty()) return {};
    auto const changes = zone_path(zone) + "/changes";
    auto const made = TRY(google.post(changes, json::object{{"additions", std::move(additions)}}));
    TRY(google.wait(fmt::format("{}/{}", changes, text_at(made, "/id"))));
    return {};
}

Result<void> make_zone_of(Google& google, DnsZone const& zone) {
    json::object const wanted{{"name", zone.name},
                              {"dnsName", zone.dns_name},
                              {"description", "Tenants of the PoC"},
                              {"visibility", "public"}};
    TRY(google.make(fmt::format("dns.googleapis.com/dns/v1/projects/{}/managedZones", kProject),
                    wanted));
    if (zone.number == 1) return {};
    auto const parent = make_zone(1);
    if (TRY(names_of(google, parent, "NS")).contains(zone.dns_name)) return {};
    auto const made = TRY(google.get(zone_path(zone)));
    json::array additions{name_record(zone.dns_name, "NS", made.at("nameServers").as_array())};
    return add_records(google, parent, std::move(additions));
}

}  // namespace

Result<ProjectFacts> prepare_project(Google& google, SeedOptions const& options) {
    NewProject const wanted{.id = std::string(kProject),
                            .display_name = "AIPress",
                            .labels = {{"poc-seed", fmt::format("{}", options.seed)},
                                       {"poc-scope", scope_label(options.scope)}}};
    auto const project = TRY(find_or_make_project(google, wanted));
    TRY(check_project(project, options));
    TRY(prepare_for_use(google, wanted.id));
    for (auto const bucket : {kStateBucket, kImportBucket}) {
        TRY(google.make(
            fmt::format("storage.googleapis.com/storage/v1/b?project={}", kProject),
            json::object{{"name", bucket},
                         {"location", "US-CENTRAL1"},
                         {"versioning", json::object{{"enabled", bucket == kStateBucket}}}}));
    }
    if (options.scope == Scope::Sites) TRY(make_metrics(google));
    return ProjectFacts{.created_at = parse_time(text_at(project, "/createTime"))};
}

Result<void> publish_names(Google& google, unsigned tenants) {
    for (unsigned first = 1; first <= tenants; first += kTenantsPerZone) {
        auto const zone = zone_of(first);
        TRY(make_zone_of(google, zone));
        auto const there = TRY(names_of(google, zone, "CNAME"));
        json::array additions;
        auto const last = std::min(tenants, first + kTenantsPerZone - 1);
        for (unsigned number = first; number <= last; ++number) {
            auto const name = make_tenant(0, number).host() + ".";
            if (there.contains(name)) continue;
            additions.push_back(name_record(name, "CNAME", json::array{kRunTarget}));
            if (additions.size() == kAdditionsOfChange) {
                TRY(add_records(google, zone, std::exchange(additions, {})));
            }
        }
        TRY(add_records(google, zone, std::move(additions)));
    }
    return {};
}

}  // namespace aipress::poc
