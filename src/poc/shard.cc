#include "poc/shard.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <utility>

#include "poc/new_project.h"
#include "poc/tenant.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "aipress-shard-";
constexpr std::size_t kIdMost = 30;  // Resource Manager, projects.create: projectId
constexpr int kTtl = 300;

std::string label(json::value const& project, std::string_view name) {
    return text_at(project, fmt::format("/labels/{}", name));
}

Result<json::value> make_project(Google& google, ShardOptions const& options) {
    auto const capacity = fmt::format("{}", options.capacity);
    NewProject const wanted{
        .id = options.shard,
        .display_name = options.shard,
        .labels = {{fleet::kRoleLabel, fleet::kShardRole},
                   {fleet::kStateLabel, fleet::to_string(fleet::ShardState::Active)},
                   {fleet::kCapacityLabel, capacity}}};
    auto project = TRY(find_or_make_project(google, wanted));
    auto const what = "project " + options.shard;
    if (label(project, fleet::kRoleLabel) != fleet::kShardRole) {
        return is_another(what, "its labels do not say that it is a shard");
    }
    auto const known = label(project, fleet::kCapacityLabel);
    if (known != capacity) return is_another(what, fmt::format("its capacity is {}", known));
    return project;
}

// Names of buckets are Google's, not a project's.
Result<void> make_bucket(Google& google, fleet::Shard const& shard, json::value const& project) {
    json::object const access{{"uniformBucketLevelAccess", json::object{{"enabled", true}}}};
    auto const made = TRY(
        google.make(fmt::format("storage.googleapis.com/storage/v1/b?project={}", shard.project),
                    json::object{{"name", shard.bucket()},
                                 {"location", "US-CENTRAL1"},
                                 {"storageClass", "STANDARD"},
                                 {"iamConfiguration", access}}));
    if (made == Made::Now) return {};
    auto const known =
        TRY(google.get(fmt::format("storage.googleapis.com/storage/v1/b/{}", shard.bucket())));
    auto const owner = "projects/" + text_at(known, "/projectNumber");
    if (owner == text_at(project, "/name")) return {};
    return is_another("bucket " + shard.bucket(), fmt::format("it belongs to {}", owner));
}

std::string zone_path() {
    return fmt::format("dns.googleapis.com/dns/v1/projects/{}/managedZones/{}", kProject,
                       make_zone(1).name);
}

Result<void> check_zone(Google& google) {
    auto const zone = google.find(zone_path());
    bool const is_missing =
        zone.ok() ? !zone.value().has_value() : zone.error().code() == ErrorCode::PermissionDenied;
    if (is_missing) {
        return Error(ErrorCode::NotFound,
                     fmt::format("the PoC's zone {} is not there, and a shard's name is in it",
                                 make_zone(1).name));
    }
    return zone.ok() ? Result<void>() : Result<void>(zone.error());
}

Result<void> publish_ingress(Google& google, std::string const& ingress) {
    auto const name = ingress + ".";
    json::object record{{"kind", "dns#resourceRecordSet"},
                        {"name", name},
                        {"type", "CNAME"},
                        {"ttl", kTtl},
                        {"rrdatas", json::array{kRunTarget}}};
    auto const known = TRY(google.find(fmt::format("{}/rrsets/{}/CNAME", zone_path(), name)));
    if (known) {
        auto const target = text_at(*known, "/rrdatas/0");
        if (target == kRunTarget) return {};
        return is_another("record " + name, fmt::format("it points to {}", target));
    }
    auto const changes = zone_path() + "/changes";
    auto const made = google.post(changes, json::object{{"additions", json::array{record}}});
    if (!made.ok()) {
        // A lost answer: it has been added.
        return made.error().code() == ErrorCode::AlreadyExists ? Result<void>()
                                                               : Result<void>(made.error());
    }
    TRY(google.wait(fmt::format("{}/{}", changes, text_at(made.value(), "/id"))));
    return {};
}

}  // namespace

Result<void> check_shard_name(std::string_view name) {
    auto const number = name.substr(std::min(name.size(), kPrefix.size()));
    bool const is_number = !number.empty() && std::all_of(number.begin(), number.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (name.starts_with(kPrefix) && is_number && name.size() <= kIdMost) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is no shard's name: {} is one", name, fleet::shard_name(1)));
}

Result<ShardSummary> seed_shard(Context const& context, ShardOptions const& options) {
    TRY(check_shard_name(options.shard));
    auto const begin = context.clock().now();
    fleet::Shard const shard{.project = options.shard, .region = std::string(kRegion)};
    Google google(context, options.ports);
    TRY(check_zone(google));
    auto const project = TRY(make_project(google, options));
    TRY(prepare_for_use(google, shard.project));
    TRY(ask_for_instance(google, {.project = shard.project,
                                  .name = shard.instance(),
                                  .tier = options.tier,
                                  .labels = {{fleet::kRoleLabel, fleet::kShardRole}}}));
    TRY(make_bucket(google, shard, project));
    TRY(publish_ingress(google, shard.ingress(kDomain)));
    auto const instance = TRY(await_instance(google, shard.project, shard.instance()));
    return ShardSummary{.project = shard.project,
                        .instance = shard.instance(),
                        .address = text_at(instance, "/ipAddresses/0/ipAddress"),
                        .bucket = shard.bucket(),
                        .ingress = shard.ingress(kDomain),
                        .capacity = options.capacity,
                        .requests = google.requests(),
                        .took = elapsed_ms(begin, context.clock().now())};
}

}  // namespace aipress::poc
