#include "sandbox/run/changes.h"

#include <array>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <regex>

#include "sandbox/policies.h"
#include "sandbox/resource_names.h"
#include "sandbox/run/validation.h"
#include "sandbox/secret_manager.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kImage = "wordpress";
constexpr std::string_view kLatest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";

// What a client may wish; everything else of a service is told, not wished.
constexpr std::array<std::string_view, 14> kWishes{"annotations",
                                                   "binaryAuthorization",
                                                   "client",
                                                   "clientVersion",
                                                   "customAudiences",
                                                   "description",
                                                   "defaultUriDisabled",
                                                   "ingress",
                                                   "invokerIamDisabled",
                                                   "labels",
                                                   "launchStage",
                                                   "scaling",
                                                   "template",
                                                   "traffic"};

json::object problem(std::string_view reason, std::string message) {
    return {{"reason", reason}, {"message", std::move(message)}};
}

// Three letters behind the number, as Google has them; no vowels, hence no words.
std::string revision_suffix(std::string_view seed) {
    constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz";
    std::string suffix;
    for (char const digit : uid_of(seed).substr(0, 3)) {
        suffix += kLetters[static_cast<unsigned char>(digit) % kLetters.size()];
    }
    return suffix;
}

// Why the container cannot run: Cloud Run reads the secrets when an instance starts, and tries one.
Outcome<json::object> container_problem(Transaction& transaction, json::object const& container,
                                        Place const& place) {
    auto const image = text_field(container, "image");
    if (image_name(image) != kImage) {
        return problem("ContainerMissing",
                       fmt::format("Image '{}' is not run here: the sandbox runs images whose last "
                                   "part is '{}', and serves Debian's WordPress for them.",
                                   image, kImage));
    }
    auto const* const environment = find_array(container, "env");
    if (environment == nullptr) return json::object();
    for (std::size_t i = 0; i < environment->size(); ++i) {
        auto const* const source = find_object((*environment)[i].as_object(), "valueSource");
        auto const* const reference =
            source == nullptr ? nullptr : find_object(*source, "secretKeyRef");
        if (reference == nullptr) continue;
        auto const version = secret_version_of(*reference, place);
        auto secret = read_secret(transaction, version);
        if (secret.ok()) continue;
        auto const error = secret.release_error();
        return problem("SecretsAccessCheckFailed",
                       fmt::format("spec.template.spec.containers[0].env[{}].value_from."
                                   "secret_key_ref.name: {}",
                                   i,
                                   error.code == ErrorCode::NotFound
                                       ? fmt::format("Secret {} was not found", version)
                                       : error.message));
    }
    return json::object();
}

json::object without_name(json::object wanted) {
    wanted.erase("revision");
    return wanted;
}

// Where requests go: the traffic with revisions for names. A share of one that is not there leaves
// everything as it was, and says so.
Outcome<Done> route(Transaction& transaction, ServiceName const& name, json::object& service) {
    auto const latest = text_field(service, "latestReadyRevision");
    json::array served;
    service.erase("routesProblem");
    for (auto const& one : service.at("traffic").as_array()) {
        auto target = one.as_object();
        if (text_field(target, "type") == kLatest) {
            if (latest.empty()) continue;
            target["revision"] = latest;
        }
        auto const revision = text_field(target, "revision");
        auto const found = TRY(transaction.get(kRevisions, name.revision_key(revision)));
        if (!found) {
            service["routesProblem"] =
                problem("RevisionMissing",
                        fmt::format("Revision '{}' does not exist or is deleted.", revision));
            return Done();
        }
        if (find_object(found->body.as_object(), "problem") != nullptr) {
            service["routesProblem"] = problem(
                "RevisionFailed",
                fmt::format("Revision '{}' is not ready and cannot serve traffic.", revision));
            return Done();
        }
        served.push_back(std::move(target));
    }
    service["served"] = std::move(served);
    return Done();
}

// The wish, on top of what only the server knows.
json::object merged(json::object const* current, json::object const& wish) {
    json::object service = current == nullptr ? json::object() : *current;
    for (auto const name : kWishes) {
        if (auto const* const value = wish.if_contains(name)) {
            service[name] = *value;
        } else {
            service.erase(name);
        }
    }
    return service;
}

}  // namespace

std::string secret_version_of(json::object const& reference, Place const& place) {
    auto const secret = text_field(reference, "secret");
    auto const version = text_field(reference, "version");
    auto const name = secret.starts_with("projects/")
                          ? secret
                          : fmt::format("projects/{}/secrets/{}", place.number, secret);
    return fmt::format("{}/versions/{}", name, version.empty() ? "latest" : version);
}

Outcome<Done> Changes::add_revision(Transaction& transaction, ServiceName const& name,
                                    json::object& service) const {
    auto const& wanted = service.at("template").as_object();
    auto const number = number_field(service, "templates", 0) + 1;
    auto revision = text_field(wanted, "revision");
    if (revision.empty()) {
        revision =
            fmt::format("{}-{:05}-{}", name.service, number,
                        revision_suffix(fmt::format("{}/{}", text_field(service, "uid"), number)));
    }
    auto const key = name.revision_key(revision);
    if (auto const taken = TRY(transaction.get(kRevisions, key))) {
        auto const same = find_object(taken->body.as_object(), "template");
        if (same == nullptr || without_name(*same) != without_name(wanted)) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = fmt::format("Revision named '{}' with different "
                                                   "configuration already exists.",
                                                   revision)};
        }
        return Done();
    }
    service["templates"] = number;
    service["latestCreatedRevision"] = revision;
    auto const pool = TRY(next_number(transaction, "run_pools"));
    json::object body{{"template", wanted},
                      {"uid", uid_of(fmt::format("{}/{}", key, pool))},
                      {"createTime", service.at("updateTime")},
                      {"generation", number},
                      {"ready_ms", service.at("ready_ms")},
                      {"pool", fmt::format("r{}", pool)}};
    auto const& container = wanted.at("containers").as_array().at(0).as_object();
    auto why = TRY(container_problem(transaction, container, name.place));
    service.erase("problem");
    if (why.empty()) {
        service["latestReadyRevision"] = revision;
    } else {
        service["problem"] = why;
        body["problem"] = std::move(why);
    }
    TRY(transaction.insert(kRevisions, key, body));
    return Done();
}

Outcome<Document> Changes::apply(Transaction& transaction, Change change) const {
    static std::regex const region_pattern("[a-z]+-[a-z]+[0-9]{1,2}");
    if (auto const& region = change.name.place.region; !std::regex_match(region, region_pattern)) {
        return ApiError{.code = ErrorCode::PermissionDenied,
                        .message = fmt::format("Location {} is not found or access is "
                                               "unauthorized.",
                                               region),
                        .http_status = 403};
    }
    fill_defaults(change.wish, change.name.place);
    TRY(check_service(change.wish, change.name.service, change.error_root));
    auto const* const current = change.current ? &change.current->body.as_object() : nullptr;
    auto service = merged(current, change.wish);
    auto const now = timestamp(clock_.wall_now());
    if (current == nullptr) {
        auto const number = TRY(next_number(transaction, "run_services"));
        service["uid"] = uid_of(fmt::format("{}/{}/{}", change.name.key(), number, now));
        service["createTime"] = now;
        service["creator"] = change.principal;
    }
    service["generation"] = number_field(service, "generation", 0) + 1;
    service["updateTime"] = now;
    service["lastModifier"] = change.principal;
    service["ready_ms"] = milliseconds_of(operations_.done_at(kDeployTime));
    if (current == nullptr || service.at("template") != current->at("template")) {
        TRY(add_revision(transaction, change.name, service));
    }
    TRY(route(transaction, change.name, service));
    Document document{.name = change.name.key(), .body = std::move(service)};
    document.version = current == nullptr
                           ? TRY(transaction.insert(kServices, document.name, document.body))
                           : TRY(transaction.update(kServices, document.name,
                                                    change.current->version, document.body));
    return document;
}

Outcome<Done> Changes::remove(Transaction& transaction, ServiceName const& name) {
    std::vector<std::string> revisions;
    TRY(each_document(transaction, kRevisions, name.key() + "/",
                      [&](Document& document) -> Outcome<bool> {
                          revisions.push_back(document.name);
                          return true;
                      }));
    for (auto const& revision : revisions) TRY(transaction.remove(kRevisions, revision));
    TRY(transaction.remove(kServices, name.key()));
    // Another service of this name begins without it.
    TRY(set_policy(transaction, name.key(), json::object()));
    return Done();
}

Outcome<Done> Changes::remove_revision(Transaction& transaction, ServiceName const& name,
                                       std::string const& revision) {
    auto const service = TRY(find_service(transaction, name));
    auto const& body = service.body.as_object();
    TRY(find_revision(transaction, name, revision));
    auto const refuse = [&](std::string_view why) {
        return ApiError{
            .code = ErrorCode::FailedPrecondition,
            .message = fmt::format("Revision '{}' {} and cannot be deleted.", revision, why)};
    };
    if (text_field(body, "latestCreatedRevision") == revision) {
        return refuse("is the latest created revision");
    }
    if (routing_of(body, revision) == Routing::Routed) return refuse("is serving traffic");
    TRY(transaction.remove(kRevisions, name.revision_key(revision)));
    return Done();
}

Outcome<Document> find_service(Transaction& transaction, ServiceName const& name) {
    auto found = TRY(transaction.get(kServices, name.key()));
    if (found) return std::move(*found);
    return ApiError{.code = ErrorCode::NotFound,
                    .message = fmt::format("service \"{}\" not found", name.key())};
}

Outcome<Document> find_revision(Transaction& transaction, ServiceName const& name,
                                std::string_view revision) {
    auto found = TRY(transaction.get(kRevisions, name.revision_key(revision)));
    if (found) return std::move(*found);
    return ApiError{
        .code = ErrorCode::NotFound,
        .message = fmt::format("revision \"{}\" not found", name.revision_key(revision))};
}

Routing routing_of(json::object const& service, std::string_view revision) {
    auto const* const served = find_array(service, "served");
    if (served == nullptr) return Routing::Retired;
    for (auto const& one : *served) {
        auto const& target = one.as_object();
        bool const is_reached = number_field(target, "percent", 0) > 0 || target.contains("tag");
        if (is_reached && text_field(target, "revision") == revision) return Routing::Routed;
    }
    return Routing::Retired;
}

}  // namespace aipress::sandbox::run
