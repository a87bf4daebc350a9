#include "inventory/collect.h"

#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>

#include "gcp/fields.h"
#include "gcp/resource_manager.h"
#include "gcp/run.h"
#include "gcp/secret_manager.h"
#include "gcp/sql_admin.h"
#include "gcp/storage.h"
#include "inventory/classify.h"
#include "inventory/drift.h"
#include "inventory/join.h"
#include "inventory/live.h"
#include "inventory/steps.h"

namespace aipress::inventory {
namespace {

namespace json = boost::json;
using gcp::ApiError;
using gcp::Done;
using gcp::Outcome;

class Collection {
public:
    Collection(Context const& context, gcp::Connection const& connection, Options const& options)
        : context_(context), connection_(connection) {
        inventory_.project = options.project;
        inventory_.state_bucket = options.state_bucket;
        inventory_.taken_at = context.clock().wall_now();
    }

    Outcome<Inventory> run(Progress const& progress);

private:
    Outcome<Done> read_project();
    Outcome<Done> read_live();
    Outcome<Done> read_services();
    Outcome<Done> read_mappings();
    Outcome<Done> read_zones();
    Outcome<Done> read_zone(std::string const& zone, std::string const& domain);
    gcp::Connection::Visitor adding(Resource (*read)(json::object const&)) {
        return [this, read](json::object const& item) -> Outcome<Done> {
            inventory_.resources.add(read(item));
            return Done();
        };
    }
    // An error becomes a gap; without one, all of that kind is known.
    Outcome<Done> finish(Kind kind, std::string what, Outcome<Done> const& outcome);

    Context const& context_;
    gcp::Connection const& connection_;
    Inventory inventory_;
    std::vector<ServiceRead> services_;
    std::optional<ApiError> first_error_;
};

// Google tells no stranger whether there is such a project; who may not look at the project
// itself may still list what is in it.
Outcome<Done> Collection::read_project() {
    auto const project =
        gcp::ResourceManager(connection_).get_project(context_, inventory_.project);
    if (project.ok()) return Done();
    bool const is_out_of_reach = project.error().code() == ErrorCode::Unavailable;
    if (is_out_of_reach || is_fatal(context_, project.error())) return project.error();
    return note_gap(context_, inventory_, "the project itself", project.error());
}

Outcome<Done> Collection::finish(Kind kind, std::string what, Outcome<Done> const& outcome) {
    if (outcome.ok()) {
        inventory_.was_read.at(static_cast<std::size_t>(kind)) = true;
        return Done();
    }
    if (!first_error_) first_error_ = outcome.error();
    return note_gap(context_, inventory_, std::move(what), outcome.error());
}

Outcome<Done> Collection::read_services() {
    auto const visit = [&](json::object const& service) -> Outcome<Done> {
        services_.push_back(read_service(service));
        inventory_.resources.add(services_.back().resource);
        // It is in the resources; only what tells whose it is is needed twice.
        services_.back().resource.facts = {};
        return Done();
    };
    return gcp::CloudRun(connection_).list_services(context_, inventory_.project, "-", visit);
}

Outcome<Done> Collection::read_mappings() {
    std::set<std::string> locations;
    for (auto const& service : services_) {
        auto const& key = service.resource.key;
        locations.insert(key.substr(0, key.find('/')));
    }
    for (auto const& location : locations) {
        TRY(gcp::list_domain_mappings(connection_, context_, inventory_.project, location,
                                      [&](gcp::DomainMapping const& mapping) -> Outcome<Done> {
                                          inventory_.resources.add(read_mapping(mapping, location));
                                          return Done();
                                      }));
    }
    return Done();
}

Outcome<Done> Collection::read_zone(std::string const& zone, std::string const& domain) {
    return gcp::Dns(connection_)
        .list_record_sets(context_, {.project = inventory_.project, .zone = zone}, "", "",
                          [&](gcp::RecordSet const& set) -> Outcome<Done> {
                              bool const is_zones = set.type == "SOA" || set.type == "NS";
                              auto record = read_record_set(set, zone, domain);
                              // The zone's own: mail, proofs of ownership, the front page.
                              record.is_held = is_zones || set.name == domain;
                              inventory_.resources.add(std::move(record));
                              return Done();
                          });
}

Outcome<Done> Collection::read_zones() {
    std::vector<std::pair<std::string, std::string>> zones;
    TRY(gcp::Dns(connection_)
            .list_zones(
                context_, inventory_.project, [&](json::object const& zone) -> Outcome<Done> {
                    zones.emplace_back(gcp::text_of(zone, "name"), gcp::text_of(zone, "dnsName"));
                    return Done();
                }));
    for (auto const& [zone, domain] : zones) TRY(read_zone(zone, domain));
    return Done();
}

Outcome<Done> Collection::read_live() {
    auto const& project = inventory_.project;
    TRY(finish(Kind::Service, "Cloud Run services", read_services()));
    TRY(finish(
        Kind::Instance, "Cloud SQL instances",
        gcp::SqlAdmin(connection_).list_instances(context_, project, adding(read_instance))));
    TRY(finish(Kind::Bucket, "buckets",
               gcp::Storage(connection_).list_buckets(context_, project, adding(read_bucket))));
    auto const was_read = [&](Kind kind) {
        return inventory_.was_read.at(static_cast<std::size_t>(kind));
    };
    bool const is_anything =
        was_read(Kind::Service) || was_read(Kind::Instance) || was_read(Kind::Bucket);
    if (!is_anything) return *first_error_;
    TRY(finish(
        Kind::Secret, "secrets",
        gcp::SecretManager(connection_).list_secrets(context_, project, adding(read_secret))));
    TRY(finish(Kind::RecordSet, "DNS record sets", read_zones()));
    // Where they are is known from the services alone.
    if (was_read(Kind::Service)) {
        TRY(finish(Kind::DomainMapping, "Cloud Run domain mappings", read_mappings()));
    } else {
        inventory_.gaps.push_back(
            {"Cloud Run domain mappings", "they are listed where services are, which is unknown"});
    }
    return Done();
}

Outcome<Inventory> Collection::run(Progress const& progress) {
    TRY(read_project());
    TRY(read_live());
    progress(fmt::format("{}: {} resources", inventory_.project, inventory_.resources.size()));
    inventory_.resources.sort();
    join(inventory_, services_);
    services_ = {};
    progress(fmt::format("{} tenants", inventory_.tenants.size()));
    if (!inventory_.state_bucket.empty()) {
        auto const bucket = inventory_.resources.find(Kind::Bucket, inventory_.state_bucket);
        if (bucket != Resources::kNone) inventory_.resources.at(bucket).is_held = true;
        TRY(read_states(context_, connection_, inventory_));
        progress(fmt::format("{} state files", inventory_.state_files));
    }
    TRY(read_measurements(context_, connection_, inventory_));
    TRY(look_into_buckets(context_, connection_, inventory_));
    find_orphans(inventory_);
    for (auto& tenant : inventory_.tenants) {
        tenant.classes = classify(tenant, inventory_.resources);
    }
    return std::move(inventory_);
}

}  // namespace

bool is_fatal(Context const& context, ApiError const& error) {
    return error.code() == ErrorCode::Unauthenticated || error.code() == ErrorCode::Cancelled ||
           context.stopped() || context.expired();
}

Outcome<Done> note_gap(Context const& context, Inventory& inventory, std::string what,
                       ApiError const& error) {
    if (is_fatal(context, error)) return error;
    inventory.gaps.push_back({.what = std::move(what), .reason = error.message()});
    return Done();
}

Outcome<Inventory> take_inventory(Context const& context, gcp::Connection const& connection,
                                  Options const& options, Progress const& progress) {
    return Collection(context, connection, options).run(progress);
}

}  // namespace aipress::inventory
