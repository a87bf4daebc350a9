#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/dns/limits.h"
#include "sandbox/dns/methods.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/zone_keys.h"
#include "sandbox/operations.h"
#include "sandbox/projects.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

constexpr auto kChangeable = {"description",
                              "labels",
                              "dnssecConfig",
                              "cloudLoggingConfig",
                              "privateVisibilityConfig",
                              "forwardingConfig",
                              "peeringConfig"};
constexpr auto kFixed = {"name", "dnsName", "visibility", "id", "creationTime"};

json::object logging_config() {
    return {{"kind", "dns#managedZoneCloudLoggingConfig"}};
}

Outcome<Done> check_description(json::object const& fields) {
    auto const description = text_field(fields, "description");
    if (description.size() <= kDescriptionCharacters) return Done();
    return invalid_value("entity.managedZone.description", description);
}

// A zone's name goes into the name server's configuration: only letters that mean nothing there.
bool is_zone_name(std::string const& dns_name) {
    return dns_name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == dns_name.npos;
}

// What a client may say of a new zone, with what it left out.
Outcome<json::object> new_resource(json::object const& fields) {
    static std::regex const pattern("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
    for (auto const* const required : {"name", "dnsName", "description"}) {
        if (!fields.contains(required)) {
            return missing_parameter(fmt::format("entity.managedZone.{}", required));
        }
    }
    auto const name = text_field(fields, "name");
    if (!std::regex_match(name, pattern)) return invalid_value("entity.managedZone.name", name);
    auto const dns_name = canonical_name(text_field(fields, "dnsName"), Wildcard::Refused);
    if (!dns_name || !is_zone_name(*dns_name)) {
        return invalid_value("entity.managedZone.dnsName", text_field(fields, "dnsName"));
    }
    TRY(check_description(fields));
    json::object resource{{"kind", "dns#managedZone"},
                          {"name", name},
                          {"dnsName", *dns_name},
                          {"visibility", "public"},
                          {"cloudLoggingConfig", logging_config()}};
    if (fields.contains("visibility")) resource["visibility"] = fields.at("visibility");
    for (auto const* const field : kChangeable) {
        if (auto const* const value = fields.if_contains(field)) resource[field] = *value;
    }
    if (*dns_name != "." || resource.at("visibility") != "public") return resource;
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message =
                        "The managed zone cannot be created because its DNS name '.' is not "
                        "available.",
                    .legacy_reason = "managedZoneDnsNameNotAvailable"};
}

Outcome<Done> check_fixed(json::object const& resource, json::object const& fields) {
    for (auto const* const field : kFixed) {
        auto const* const value = fields.if_contains(field);
        if (value == nullptr || *value == resource.at(field)) continue;
        return ApiError{
            .code = ErrorCode::InvalidArgument,
            .message = fmt::format("The field 'entity.managedZone.{}' cannot be modified.", field),
            .legacy_reason = "invalid"};
    }
    return check_description(fields);
}

enum class Update { Patch, Replace };

Outcome<json::object> updated(json::object resource, json::object const& fields, Update update) {
    TRY(check_fixed(resource, fields));
    for (auto const* const field : kChangeable) {
        if (auto const* const value = fields.if_contains(field)) {
            resource[field] = *value;
        } else if (update == Update::Replace) {
            resource.erase(field);
        }
    }
    if (!resource.contains("cloudLoggingConfig")) resource["cloudLoggingConfig"] = logging_config();
    return resource;
}

class ManagedZones {
public:
    ManagedZones(Store& store, Clock& clock, Publisher& publisher)
        : store_(store), clock_(clock), publisher_(publisher) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> update(Call& call, Update update);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> get_operation(Call& call);
    Outcome<Reply> list_operations(Call& call);

private:
    Store& store_;
    Clock& clock_;
    Publisher& publisher_;
};

Outcome<Reply> ManagedZones::create(Call& call) {
    auto const resource = TRY(new_resource(call.fields()));
    auto made = TRY(write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("project")));
        auto const zone =
            TRY(create_zone(transaction, project.number, resource, clock_.wall_now()));
        return reply(zone.resource);
    }));
    publisher_.publish(text_field(resource, "dnsName"));
    return made;
}

Outcome<Reply> ManagedZones::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(TRY(find_zone(transaction, call)).resource);
    });
}

Outcome<Reply> ManagedZones::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kPageDefault, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("project")));
        auto page =
            TRY(list_zones(transaction, project.number, call.query("dnsName"), start, most));
        json::object result{{"kind", "dns#managedZonesListResponse"}};
        auto& listed = result["managedZones"].emplace_array();
        for (auto& zone : page.zones) listed.push_back(std::move(zone.resource));
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> ManagedZones::update(Call& call, Update update) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto zone = TRY(find_zone(transaction, call));
        auto const before = zone.resource;
        zone.resource = TRY(updated(before, call.fields(), update));
        TRY(update_zone(transaction, zone));
        auto id = call.query("clientOperationId");
        if (id.empty()) {
            id = fmt::format("update-{:012}", TRY(next_number(transaction, "dns_operation")));
        }
        json::object operation{
            {"kind", "dns#operation"},
            {"id", id},
            {"startTime", timestamp(clock_.wall_now())},
            {"status", "done"},
            {"type", "UPDATE"},
            {"user", call.principal},
            {"zoneContext", json::object{{"oldValue", before}, {"newValue", zone.resource}}}};
        auto const key = zone.id() + "/" + id;
        if (TRY(transaction.get(kZoneOperations, key))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = fmt::format("The resource 'parameters.clientOperationId' "
                                                   "named '{}' already exists",
                                                   id),
                            .legacy_reason = "alreadyExists"};
        }
        TRY(transaction.insert(kZoneOperations, key, operation));
        return reply(std::move(operation));
    });
}

Outcome<Reply> ManagedZones::remove(Call& call) {
    std::string dns_name;
    auto removed = TRY(write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        dns_name = zone.dns_name();
        TRY(remove_zone(transaction, zone));
        return reply(json::object());
    }));
    publisher_.publish(dns_name);
    return removed;
}

Outcome<Reply> ManagedZones::get_operation(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        auto const& id = call.path_parameter("operation");
        auto found = TRY(transaction.get(kZoneOperations, zone.id() + "/" + id));
        if (found) return reply(std::move(found->body));
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("The 'parameters.operation' resource named '{}' "
                                               "does not exist.",
                                               id)};
    });
}

Outcome<Reply> ManagedZones::list_operations(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kPageDefault, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const zone = TRY(find_zone(transaction, call));
        auto page = TRY(transaction.list(kZoneOperations, zone.id() + "/", start, most));
        json::object result{{"kind", "dns#managedZoneOperationsListResponse"}};
        auto& listed = result["operations"].emplace_array();
        for (auto& document : page.documents) listed.push_back(std::move(document.body));
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

}  // namespace

void serve_managed_zones(Methods& methods, Store& store, Clock& clock, Publisher& publisher) {
    auto const zones = std::make_shared<ManagedZones>(store, clock, publisher);
    auto const serve = [&](std::string_view method, MethodHandler const& handler) {
        methods.serve(fmt::format("dns.{}", method), "v1", handler);
    };
    serve("managedZones.create", [=](Call& call) { return zones->create(call); });
    serve("managedZones.get", [=](Call& call) { return zones->get(call); });
    serve("managedZones.list", [=](Call& call) { return zones->list(call); });
    serve("managedZones.patch", [=](Call& call) { return zones->update(call, Update::Patch); });
    serve("managedZones.update", [=](Call& call) { return zones->update(call, Update::Replace); });
    serve("managedZones.delete", [=](Call& call) { return zones->remove(call); });
    serve("managedZoneOperations.get", [=](Call& call) { return zones->get_operation(call); });
    serve("managedZoneOperations.list", [=](Call& call) { return zones->list_operations(call); });
}

}  // namespace aipress::sandbox::dns
