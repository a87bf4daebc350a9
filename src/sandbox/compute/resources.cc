#include "sandbox/compute/resources.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <regex>

#include "sandbox/compute/locations.h"
#include "sandbox/merge_patch.h"
#include "sandbox/operation_fault.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

// What only the server says.
constexpr std::array<std::string_view, 9> kOutput{
    "kind", "id",     "selfLink", "creationTimestamp", "fingerprint", "labelFingerprint",
    "name", "region", kHidden};

// What a client writes must not replace what only the server says.
void keep_output(json::object& body, json::object const& before) {
    for (auto const name : kOutput) {
        body.erase(name);
        if (auto const* const value = before.if_contains(name)) body[name] = *value;
    }
}

ApiError condition_not_met(std::string message) {
    return {.code = ErrorCode::FailedPrecondition,
            .message = std::move(message),
            .http_status = 412,
            .legacy_reason = "conditionNotMet"};
}

Outcome<Done> check_fingerprint(Document const& document, Kind const& kind,
                                json::object const& fields) {
    auto const given = text_field(fields, "fingerprint");
    bool const is_required = kind.fingerprint == Fingerprint::Required;
    if (kind.fingerprint == Fingerprint::None || (given.empty() && !is_required)) return Done();
    if (given == etag_of(document.version)) return Done();
    return condition_not_met("Invalid fingerprint.");
}

Outcome<Done> check_fixed(Kind const& kind, Change const& change) {
    for (auto const name : kind.fixed) {
        auto const* const before = change.before->if_contains(name);
        auto const* const after = change.body.if_contains(name);
        bool const is_same =
            before == nullptr || after == nullptr ? before == after : *before == *after;
        if (is_same) continue;
        return invalid_value(
            fmt::format("resource.{}", name),
            after != nullptr && after->is_string() ? std::string_view(after->get_string()) : "",
            "The field cannot be changed.");
    }
    return Done();
}

Target target_of(std::string const& path, json::object const& body) {
    return {.path = path, .id = text_field(body, "id")};
}

std::string name_in(Call const& call, Kind const& kind) {
    return call.path_parameter(kind.parameter);
}

Outcome<Done> set_labels(Change& change, json::object const& content) {
    auto const document = TRY(find_resource(change.transaction, change.path));
    if (text_field(content, "labelFingerprint") != etag_of(document.version)) {
        return condition_not_met(
            "Labels fingerprint either invalid or resource labels have changed");
    }
    auto const* const labels = content.if_contains("labels");
    change.body.erase("labels");
    if (labels != nullptr && !labels->as_object().empty()) change.body["labels"] = *labels;
    return Done();
}

}  // namespace

std::string Place::path(std::string_view collection, std::string_view name) const {
    return fmt::format("projects/{}/{}/{}/{}", project.id, scope, collection, name);
}

Outcome<Place> place_of(Transaction& transaction, Call const& call) {
    auto project = TRY(find_active_project(transaction, call.path_parameter("project")));
    Place place{.project = std::move(project), .scope = "global"};
    auto const region = call.path.find("region");
    if (region == call.path.end()) return place;
    if (!is_region(region->second)) {
        return invalid_value("region", region->second, "Unknown region.");
    }
    place.scope = "regions/" + region->second;
    return place;
}

Outcome<Done> check_name(std::string_view field, std::string const& name) {
    static std::regex const pattern("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
    if (name.empty()) return required_field(field);
    if (std::regex_match(name, pattern)) return Done();
    return invalid_value(field, name,
                         "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
}

Outcome<Target> make_resource(Change change, Kind const& kind, WallTime ready) {
    auto& body = change.body;
    auto const name = std::string(name_of(change.path));
    if (TRY(change.transaction.get(kResources, change.path))) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("The resource '{}' already exists", change.path),
                        .legacy_reason = "alreadyExists"};
    }
    keep_output(body, {});
    auto const id = TRY(next_id(change.transaction));
    body["kind"] = kind.type;
    body["id"] = fmt::format("{}", id);
    body["name"] = name;
    body["creationTimestamp"] = timestamp(change.now);
    body["selfLink"] = link_of(change.path);
    if (kind.scope == Scope::Region) {
        auto const scope = change.path.substr(0, change.path.find(kind.collection) - 1);
        body["region"] = link_of(scope);
    }
    TRY(link_body(change.transaction, change.project, body, change.now));
    if (kind.complete) TRY(kind.complete(change));
    TRY(insert_resource(change.transaction, change.path, body));
    if (kind.made) TRY(kind.made(change));
    if (ready > change.now) {
        body[kHidden] = json::object{{"ready_ms", milliseconds_of(ready)}};
        TRY(change.transaction.update(kResources, change.path, std::nullopt, body));
    }
    return target_of(change.path, body);
}

Outcome<json::value> Resources::make(Transaction& transaction, Call& call, Place const& place,
                                     Kind const& kind) {
    auto content = content_of(call, Nulls::Dropped);
    auto const name = text_field(content, "name");
    TRY(check_name("resource.name", name));
    auto const ready = operations_.done_at(kind.takes) + take_slowness(call);
    Change change{.transaction = transaction,
                  .project = place.project.id,
                  .path = place.path(kind.collection, name),
                  .now = clock_.wall_now(),
                  .body = std::move(content)};
    auto const target = TRY(make_resource(std::move(change), kind, ready));
    return operations_.start(transaction, call, "insert", target, kind.takes);
}

Outcome<Reply> Resources::insert(Call& call, Kind const& kind) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        if (auto known = TRY(operations_.repeated(transaction, call, place.project.id))) {
            return reply(std::move(*known));
        }
        return reply(TRY(make(transaction, call, place, kind)));
    });
}

Outcome<json::object> Resources::view(Transaction& transaction, Document const& document,
                                      Kind const& kind) const {
    auto body = document.body.as_object();
    if (kind.fingerprint != Fingerprint::None) body["fingerprint"] = etag_of(document.version);
    if (kind.labels == Labels::Kept) body["labelFingerprint"] = etag_of(document.version);
    if (kind.decorate) TRY(kind.decorate(transaction, document.name, body));
    body.erase(kHidden);
    return body;
}

Outcome<Reply> Resources::get(Call& call, Kind const& kind) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        auto const path = place.path(kind.collection, name_in(call, kind));
        auto const document = TRY(find_resource(transaction, path));
        return reply(TRY(view(transaction, document, kind)));
    });
}

Outcome<Reply> Resources::change(Call& call, Kind const& kind, std::string_view type,
                                 Step const& step) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        if (auto known = TRY(operations_.repeated(transaction, call, place.project.id))) {
            return reply(std::move(*known));
        }
        auto const now = clock_.wall_now();
        auto const path = place.path(kind.collection, name_in(call, kind));
        auto const document = TRY(find_ready(transaction, path, now));
        TRY(check_fingerprint(document, kind, content_of(call, Nulls::Dropped)));
        Change change{.transaction = transaction,
                      .project = place.project.id,
                      .path = path,
                      .now = now,
                      .body = document.body.as_object(),
                      .before = document.body.as_object()};
        TRY(step(change));
        if (change.body != *change.before) {
            TRY(update_resource(transaction, path, *change.before, change.body));
        }
        return reply(TRY(
            operations_.start(transaction, call, type, target_of(path, change.body), kind.takes)));
    });
}

Outcome<Reply> Resources::patch(Call& call, Kind const& kind) {
    auto const type = kind.collection == "networks" ? "updateNetwork" : "patch";
    return change(call, kind, type, [&](Change& change) -> Outcome<Done> {
        merge_patch(change.body, content_of(call, Nulls::Kept));
        keep_output(change.body, *change.before);
        TRY(link_body(change.transaction, change.project, change.body, change.now));
        TRY(check_fixed(kind, change));
        if (kind.complete) TRY(kind.complete(change));
        return Done();
    });
}

Outcome<Reply> Resources::update(Call& call, Kind const& kind) {
    return change(call, kind, "update", [&](Change& change) -> Outcome<Done> {
        change.body = content_of(call, Nulls::Dropped);
        keep_output(change.body, *change.before);
        for (auto const name : kind.fixed) {
            if (auto const* const value = change.before->if_contains(name)) {
                set_default(change.body, name, *value);
            }
        }
        TRY(link_body(change.transaction, change.project, change.body, change.now));
        TRY(check_fixed(kind, change));
        if (kind.complete) TRY(kind.complete(change));
        return Done();
    });
}

Outcome<Reply> Resources::remove(Call& call, Kind const& kind) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        if (auto known = TRY(operations_.repeated(transaction, call, place.project.id))) {
            return reply(std::move(*known));
        }
        auto const now = clock_.wall_now();
        auto const path = place.path(kind.collection, name_in(call, kind));
        auto const document = TRY(find_ready(transaction, path, now));
        if (kind.release) {
            Change change{.transaction = transaction,
                          .project = place.project.id,
                          .path = path,
                          .now = now,
                          .body = document.body.as_object(),
                          .before = document.body.as_object()};
            TRY(kind.release(change));
        }
        TRY(check_unused(transaction, path));
        TRY(remove_resource(transaction, document));
        return reply(TRY(operations_.start(
            transaction, call, "delete", target_of(path, document.body.as_object()), kind.takes)));
    });
}

void serve_kind(Methods& methods, ResourcesPointer const& resources, KindPointer const& kind,
                std::initializer_list<std::string_view> verbs) {
    using Verb = Outcome<Reply> (Resources::*)(Call&, Kind const&);
    static std::map<std::string_view, Verb> const known{
        {"insert", &Resources::insert}, {"get", &Resources::get},
        {"list", &Resources::list},     {"aggregatedList", &Resources::aggregated_list},
        {"patch", &Resources::patch},   {"update", &Resources::update},
        {"delete", &Resources::remove}};
    for (auto const verb : verbs) {
        auto const function = known.at(verb);
        methods.serve(fmt::format("compute.{}.{}", kind->api, verb), "v1",
                      [=](Call& call) { return (*resources.*function)(call, *kind); });
    }
}

void serve_labels(Methods& methods, ResourcesPointer const& resources, KindPointer const& kind) {
    auto named_resource = std::make_shared<Kind>(*kind);
    named_resource->parameter = "resource";
    named_resource->fingerprint = Fingerprint::None;
    methods.serve(fmt::format("compute.{}.setLabels", kind->api), "v1", [=](Call& call) {
        auto const content = content_of(call, Nulls::Dropped);
        return resources->change(call, *named_resource, "setLabels",
                                 [&](Change& change) { return set_labels(change, content); });
    });
}

}  // namespace aipress::sandbox::compute
