#include "sandbox/compute/locations.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>

#include "sandbox/compute/list_filter.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::size_t kScanned = 1000;
constexpr std::string_view kMade = "2014-05-30T18:35:16.413Z";

struct QuotaKind {
    std::string_view metric;
    double limit = 0;
    std::string_view collection;  // under "global"
};
constexpr std::array<QuotaKind, 7> kQuotas{{{"NETWORKS", 30, "networks"},
                                            {"FIREWALLS", 500, "firewalls"},
                                            {"STATIC_ADDRESSES", 100, "addresses"},
                                            {"BACKEND_BUCKETS", 50, "backendBuckets"},
                                            {"BACKEND_SERVICES", 100, "backendServices"},
                                            {"URL_MAPS", 100, "urlMaps"},
                                            {"SSL_CERTIFICATES", 100, "sslCertificates"}}};

std::string id_of(std::string_view name) {
    return fmt::format("{}", 1'000 + std::hash<std::string_view>{}(name) % 100'000);
}

json::object location(std::string_view project, std::string_view collection,
                      std::string_view name) {
    auto const is_region = collection == "regions";
    return {{"kind", is_region ? "compute#region" : "compute#zone"},
            {"id", id_of(name)},
            {"creationTimestamp", kMade},
            {"name", name},
            {"description", name},
            {"status", "UP"},
            {"selfLink", link_of(fmt::format("projects/{}/{}/{}", project, collection, name))}};
}

json::object zone_view(std::string_view project, RegionInfo const& region, char letter) {
    auto zone = location(project, "zones", fmt::format("{}-{}", region.name, letter));
    zone["region"] = link_of(fmt::format("projects/{}/regions/{}", project, region.name));
    zone["supportsPzs"] = false;
    return zone;
}

json::object region_view(std::string_view project, RegionInfo const& region) {
    auto view = location(project, "regions", region.name);
    json::array zones;
    for (char const letter : region.zones) {
        zones.emplace_back(zone_view(project, region, letter).at("selfLink"));
    }
    view["zones"] = std::move(zones);
    view["supportsPzs"] = false;
    view["quotas"] = json::array();
    return view;
}

std::vector<json::object> all_of(std::string_view collection, std::string_view project) {
    std::vector<json::object> all;
    for (auto const& region : regions()) {
        if (collection == "regions") {
            all.push_back(region_view(project, region));
            continue;
        }
        for (char const letter : region.zones) all.push_back(zone_view(project, region, letter));
    }
    return all;
}

// One page: there are fewer of them than a page may have.
Outcome<Reply> list_locations(Resources& resources, Call& call, std::string_view collection) {
    auto const filter = TRY(ListFilter::parse(call.query("filter")));
    return read<Reply>(resources.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        json::array items;
        for (auto& one : all_of(collection, place.project.id)) {
            if (filter.matches(one)) items.push_back(std::move(one));
        }
        auto const id = fmt::format("projects/{}/{}", place.project.id, collection);
        json::object result{
            {"kind", collection == "regions" ? "compute#regionList" : "compute#zoneList"},
            {"id", id},
            {"selfLink", link_of(id)}};
        if (!items.empty()) result["items"] = std::move(items);
        return reply(std::move(result));
    });
}

Outcome<Reply> get_location(Resources& resources, Call& call, std::string_view collection,
                            std::string_view parameter) {
    auto const name = call.path_parameter(parameter);
    return read<Reply>(resources.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("project")));
        for (auto& one : all_of(collection, project.id)) {
            if (text_field(one, "name") == name) return reply(std::move(one));
        }
        return resource_not_found(fmt::format("projects/{}/{}/{}", project.id, collection, name));
    });
}

Outcome<json::array> quotas(Transaction& transaction, Place const& place) {
    json::array result;
    for (auto const& quota : kQuotas) {
        auto const page =
            TRY(transaction.list(kResources, place.path(quota.collection, ""), "", kScanned));
        result.push_back(json::object{{"metric", quota.metric},
                                      {"limit", quota.limit},
                                      {"usage", static_cast<double>(page.documents.size())}});
    }
    return result;
}

Outcome<Reply> get_project(Resources& resources, Call& call) {
    return read<Reply>(resources.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        auto const& project = place.project;
        auto limits = TRY(quotas(transaction, place));
        return reply(
            json::object{{"kind", "compute#project"},
                         {"id", project.number},
                         {"creationTimestamp", project.body.at("createTime")},
                         {"name", project.id},
                         {"commonInstanceMetadata",
                          json::object{{"kind", "compute#metadata"}, {"fingerprint", etag_of(0)}}},
                         {"quotas", std::move(limits)},
                         {"selfLink", link_of("projects/" + project.id)},
                         {"defaultServiceAccount",
                          fmt::format("{}-compute@developer.gserviceaccount.com", project.number)},
                         {"xpnProjectStatus", "UNSPECIFIED_XPN_PROJECT_STATUS"},
                         {"defaultNetworkTier", "PREMIUM"},
                         {"vmDnsSetting", "ZONAL_ONLY"}});
    });
}

}  // namespace

std::vector<RegionInfo> const& regions() {
    static std::vector<RegionInfo> const all{{"africa-south1", "abc", 218},
                                             {"asia-east1", "abc", 140},
                                             {"asia-east2", "abc", 170},
                                             {"asia-northeast1", "abc", 146},
                                             {"asia-northeast2", "abc", 174},
                                             {"asia-northeast3", "abc", 178},
                                             {"asia-south1", "abc", 160},
                                             {"asia-south2", "abc", 190},
                                             {"asia-southeast1", "abc", 148},
                                             {"asia-southeast2", "abc", 184},
                                             {"australia-southeast1", "abc", 152},
                                             {"australia-southeast2", "abc", 192},
                                             {"europe-central2", "abc", 186},
                                             {"europe-north1", "abc", 166},
                                             {"europe-north2", "abc", 226},
                                             {"europe-southwest1", "abc", 204},
                                             {"europe-west1", "bcd", 132},
                                             {"europe-west10", "abc", 214},
                                             {"europe-west12", "abc", 210},
                                             {"europe-west2", "abc", 154},
                                             {"europe-west3", "abc", 156},
                                             {"europe-west4", "abc", 164},
                                             {"europe-west6", "abc", 172},
                                             {"europe-west8", "abc", 198},
                                             {"europe-west9", "abc", 200},
                                             {"me-central1", "abc", 212},
                                             {"me-central2", "abc", 216},
                                             {"me-west1", "abc", 208},
                                             {"northamerica-northeast1", "abc", 162},
                                             {"northamerica-northeast2", "abc", 188},
                                             {"northamerica-south1", "abc", 224},
                                             {"southamerica-east1", "abc", 158},
                                             {"southamerica-west1", "abc", 194},
                                             {"us-central1", "abcf", 128},
                                             {"us-east1", "bcd", 142},
                                             {"us-east4", "abc", 150},
                                             {"us-east5", "abc", 202},
                                             {"us-south1", "abc", 206},
                                             {"us-west1", "abc", 138},
                                             {"us-west2", "abc", 168},
                                             {"us-west3", "abc", 180},
                                             {"us-west4", "abc", 182}};
    return all;
}

bool is_region(std::string_view name) {
    return std::any_of(regions().begin(), regions().end(),
                       [&](RegionInfo const& region) { return region.name == name; });
}

std::vector<std::string> const& all_scopes() {
    static std::vector<std::string> const scopes = [] {
        std::vector<std::string> all{"global"};
        for (auto const& region : regions()) all.push_back(fmt::format("regions/{}", region.name));
        return all;
    }();
    return scopes;
}

void serve_locations(Methods& methods, ResourcesPointer const& resources) {
    for (auto const* const collection : {"regions", "zones"}) {
        auto const* const parameter = std::string_view(collection) == "regions" ? "region" : "zone";
        methods.serve(fmt::format("compute.{}.list", collection), "v1",
                      [=](Call& call) { return list_locations(*resources, call, collection); });
        methods.serve(fmt::format("compute.{}.get", collection), "v1", [=](Call& call) {
            return get_location(*resources, call, collection, parameter);
        });
    }
    methods.serve("compute.projects.get", "v1",
                  [=](Call& call) { return get_project(*resources, call); });
}

}  // namespace aipress::sandbox::compute
