#include "gcp/domain_mappings.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kPageSize = "500";

constexpr char const* kApi = "run.googleapis.com";
// The reason that gcloud tells this by: googlecloudsdk/api_lib/run/domain_mapping.py.
constexpr std::string_view kTaken = "MappingAlreadyExists";

std::string mappings_path(std::string const& project, std::string const& location) {
    return fmt::format("/v1/projects/{}/locations/{}/domainmappings",
                       http::percent_encoded(project), http::percent_encoded(location));
}

std::string mapping_path(DomainMappingName const& name) {
    return fmt::format("{}/{}", mappings_path(name.project, name.location),
                       http::percent_encoded(name.host));
}

void read_status(DomainMapping& mapping, json::object const& status) {
    for (auto const& item : array_of(status, "conditions")) {
        if (!item.is_object() || text_of(item.get_object(), "type") != "Ready") continue;
        auto const& ready = item.get_object();
        auto const state = text_of(ready, "status");
        mapping.is_ready = state == "True";
        mapping.is_settled = mapping.is_ready || state == "False";
        mapping.is_overridden = !mapping.is_ready && text_of(ready, "reason") == kTaken;
        if (!mapping.is_ready) {
            mapping.problem =
                fmt::format("{} ({})", text_of(ready, "message"), text_of(ready, "reason"));
        }
    }
    for (auto const& item : array_of(status, "resourceRecords")) {
        if (!item.is_object()) continue;
        mapping.records.push_back({.type = text_of(item.get_object(), "type"),
                                   .data = text_of(item.get_object(), "rrdata")});
    }
}

DomainMapping read_mapping(json::object const& item) {
    DomainMapping mapping;
    if (auto const* const metadata = object_of(item, "metadata")) {
        mapping.host = text_of(*metadata, "name");
    }
    if (auto const* const spec = object_of(item, "spec")) {
        mapping.service = text_of(*spec, "routeName");
    }
    if (auto const* const status = object_of(item, "status")) read_status(mapping, *status);
    return mapping;
}

Outcome<Done> pause(Context const& context, milliseconds& interval, std::string const& what) {
    if (!context.sleep(interval)) {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
        return Error(ErrorCode::DeadlineExceeded, what);
    }
    interval = std::min(interval * 3 / 2, limits::kPollMost);
    return Done();
}

}  // namespace

Outcome<Done> list_domain_mappings(
    Connection const& connection, Context const& context, std::string const& project,
    std::string const& location, std::function<Outcome<Done>(DomainMapping const&)> const& visit) {
    auto const path = mappings_path(project, location);
    std::string token;
    for (std::size_t page = 0; page < limits::kPagesMost; ++page) {
        Call call{.api = kApi, .path = path, .query = {{"limit", kPageSize}}, .region = location};
        if (!token.empty()) call.query.emplace_back("continue", token);
        auto const answer = TRY(connection.call(context, call));
        if (auto const& places = array_of(answer, "unreachable"); !places.empty()) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("GET {}: Google could not reach {}: try again later", path,
                                     json::serialize(places)));
        }
        for (auto const& item : array_of(answer, "items")) {
            if (item.is_object()) TRY(visit(read_mapping(item.get_object())));
        }
        auto const* const metadata = object_of(answer, "metadata");
        auto next = metadata == nullptr ? "" : text_of(*metadata, "continue");
        if (next.empty()) return Done();
        if (next == token) break;
        token = std::move(next);
    }
    return Error(ErrorCode::Internal, fmt::format("GET {}: the list's pages do not end", path));
}

Outcome<std::optional<DomainMapping>> find_domain_mapping(Connection const& connection,
                                                          Context const& context,
                                                          DomainMappingName const& name) {
    auto found = connection.call(
        context, {.api = kApi, .path = mapping_path(name), .region = name.location});
    if (found.ok()) return std::optional(read_mapping(found.value()));
    if (found.error().code() == ErrorCode::NotFound) return std::optional<DomainMapping>();
    return found.release_error();
}

Outcome<DomainMapping> force_domain_mapping(Connection const& connection, Context const& context,
                                            DomainMappingName const& name,
                                            std::string const& service) {
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = connection.call(
            during, {.api = kApi, .path = mapping_path(name), .region = name.location});
        if (!found.ok() && found.error().code() != ErrorCode::NotFound) {
            return found.release_error();
        }
        bool const is_it = found.ok() && read_mapping(found.value()).service == service;
        return is_it ? std::optional(found.release()) : std::nullopt;
    };
    json::object wanted{
        {"apiVersion", "domains.cloudrun.com/v1"},
        {"kind", "DomainMapping"},
        {"metadata", json::object{{"name", name.host}, {"namespace", name.project}}},
        {"spec",
         json::object{
             {"routeName", service}, {"certificateMode", "AUTOMATIC"}, {"forceOverride", true}}}};
    auto const made =
        TRY(connection.call(context, {.api = kApi,
                                      .method = "POST",
                                      .path = mappings_path(name.project, name.location),
                                      .body = std::move(wanted),
                                      .check = check,
                                      .region = name.location}));
    return read_mapping(made);
}

Outcome<DomainMapping> wait_until_mapped(Connection const& connection, Context const& context,
                                         DomainMappingName const& name) {
    auto const what = fmt::format("the mapping of {} in project {}", name.host, name.project);
    for (auto interval = limits::kPollFirst;;) {
        auto found = TRY(find_domain_mapping(connection, context, name));
        if (!found) return Error(ErrorCode::NotFound, what + " is gone");
        if (found->is_ready) return std::move(*found);
        if (found->is_settled) {
            return Error(ErrorCode::FailedPrecondition,
                         fmt::format("{} is not ready: {}", what, found->problem));
        }
        TRY(pause(context, interval, fmt::format("{} is not ready yet: {}", what, found->problem)));
    }
}

Outcome<Done> delete_domain_mapping(Connection const& connection, Context const& context,
                                    DomainMappingName const& name) {
    auto const removed = connection.call(context, {.api = kApi,
                                                   .method = "DELETE",
                                                   .path = mapping_path(name),
                                                   .idempotent = Idempotent::Yes,
                                                   .region = name.location});
    if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed.error();
    for (auto interval = limits::kPollFirst;;) {
        if (!TRY(find_domain_mapping(connection, context, name))) return Done();
        TRY(pause(context, interval,
                  fmt::format("the mapping of {} in project {} is being deleted", name.host,
                              name.project)));
    }
}

}  // namespace aipress::gcp
