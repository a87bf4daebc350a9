#include "sandbox/run/domain_mappings.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/resource_names.h"
#include "sandbox/run/knative.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kVersion = "domains.cloudrun.com/v1";
// A member of a body: since when the domain is another mapping's; not there when it is this one's.
constexpr std::string_view kConflictSince = "conflictSince";
constexpr std::array<std::string_view, 4> kAddresses{"216.239.32.21", "216.239.34.21",
                                                     "216.239.36.21", "216.239.38.21"};
// Where Cloud Run is: https://cloud.google.com/run/docs/locations, the usual ones.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kRegions{
    {{"asia-east1", "Taiwan"},
     {"asia-northeast1", "Tokyo"},
     {"asia-southeast1", "Singapore"},
     {"europe-north1", "Finland"},
     {"europe-west1", "Belgium"},
     {"europe-west3", "Frankfurt"},
     {"europe-west4", "Netherlands"},
     {"us-central1", "Iowa"},
     {"us-east1", "South Carolina"},
     {"us-east4", "Northern Virginia"},
     {"us-west1", "Oregon"},
     {"us-west2", "Los Angeles"}}};

enum class Claim { IfFree, Override };

std::string key_of(Place const& place, std::string_view domain) {
    return fmt::format("{}/domainmappings/{}", place.prefix(), domain);
}

// A subdomain is an alias, a domain of its own has addresses.
json::array records_of(std::string const& domain) {
    if (std::count(domain.begin(), domain.end(), '.') > 1) {
        return {json::object{{"type", "CNAME"},
                             {"name", domain.substr(0, domain.find('.'))},
                             {"rrdata", "ghs.googlehosted.com."}}};
    }
    json::array records;
    for (auto const address : kAddresses) {
        records.push_back(json::object{{"type", "A"}, {"rrdata", address}});
    }
    return records;
}

// One that is not in force has no records, and a reason that gcloud knows it by.
json::object status_of(Document const& document) {
    auto const& body = document.body.as_object();
    auto const domain = std::string(segment(document.name, 5));
    auto const conflict = text_field(body, kConflictSince);
    auto const since = conflict.empty()
                           ? text_field(body.at("metadata").as_object(), "creationTimestamp")
                           : conflict;
    json::array conditions;
    for (auto const* const type : {"Ready", "CertificateProvisioned", "DomainRoutable"}) {
        json::object condition{{"type", type}, {"status", "True"}, {"lastTransitionTime", since}};
        if (!conflict.empty()) {
            condition["status"] = type == std::string_view("Ready") ? "False" : "Unknown";
            condition["reason"] = "MappingAlreadyExists";
            condition["message"] = fmt::format("{} is mapped elsewhere.", domain);
        }
        conditions.push_back(std::move(condition));
    }
    json::object status{{"conditions", std::move(conditions)}, {"observedGeneration", 1}};
    if (!conflict.empty()) return status;
    status["mappedRouteName"] = body.at("spec").at("routeName");
    status["resourceRecords"] = records_of(domain);
    return status;
}

json::object view(Document const& document) {
    auto const& body = document.body.as_object();
    auto metadata = body.at("metadata").as_object();
    metadata["resourceVersion"] = fmt::format("{}", document.version);
    return {{"apiVersion", kVersion},
            {"kind", "DomainMapping"},
            {"metadata", std::move(metadata)},
            {"spec", body.at("spec")},
            {"status", status_of(document)}};
}

class DomainMappings {
public:
    DomainMappings(Changes const& changes, OnChange on_change)
        : changes_(changes), on_change_(std::move(on_change)) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call) {
        return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
            return reply(view(TRY(find(transaction, call))));
        });
    }
    Outcome<Reply> list(Call& call) {
        using View = std::optional<json::object>;
        return list_knative(changes_, call,
                            {.collection = kDomainMappings,
                             .kind = "DomainMapping",
                             .api = kVersion,
                             .view = [](Transaction&, Document const& document) -> Outcome<View> {
                                 return View(view(document));
                             }});
    }
    Outcome<Reply> remove(Call& call) {
        auto removed =
            write<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
                auto const document = TRY(find(transaction, call));
                TRY(transaction.remove(kDomainMappings, document.name));
                return knative_success();
            });
        if (removed.ok()) on_change_();
        return removed;
    }

private:
    static Outcome<Document> find(Transaction& transaction, Call const& call);
    Outcome<bool> settle(Transaction& transaction, std::string_view domain, Claim claim) const;
    Outcome<Reply> insert(Transaction& transaction, Call const& call, std::string const& domain);

    Changes const& changes_;
    OnChange const on_change_;
};

// Of any region: the one that is in force, before others.
Outcome<Document> DomainMappings::find(Transaction& transaction, Call const& call) {
    auto const& path = call.path_parameter("name");
    auto const place = TRY(place_of(transaction, call, path));
    auto const domain = last_part(path);
    auto const keys = place.region == "-" ? place.prefix() : key_of(place, domain);
    std::optional<Document> found;
    TRY(each_document(transaction, kDomainMappings, keys, [&](Document& document) -> Outcome<bool> {
        if (segment(document.name, 5) != domain) return true;
        if (!found || is_in_force(document)) found = std::move(document);
        return true;
    }));
    if (!found) return knative_missing(place, "DOMAINMAPPING", domain);
    return std::move(*found);
}

// A domain has one mapping in force, in whatever project and region. Returns whether it is the new
// one's: an old one yields only to an override.
Outcome<bool> DomainMappings::settle(Transaction& transaction, std::string_view domain,
                                     Claim claim) const {
    std::optional<Document> holder;
    TRY(each_document(transaction, kDomainMappings, "", [&](Document& document) -> Outcome<bool> {
        if (segment(document.name, 5) != domain || !is_in_force(document)) return true;
        holder = std::move(document);
        return false;
    }));
    if (!holder) return true;
    if (claim == Claim::IfFree) return false;
    holder->body.as_object()[kConflictSince] = timestamp(changes_.clock().wall_now());
    TRY(transaction.update(kDomainMappings, holder->name, holder->version, holder->body));
    return true;
}

Outcome<Reply> DomainMappings::insert(Transaction& transaction, Call const& call,
                                      std::string const& domain) {
    auto place = TRY(place_of(transaction, call, call.path_parameter("parent")));
    auto const* const spec = find_object(call.fields(), "spec");
    auto const route = spec == nullptr ? "" : text_field(*spec, "routeName");
    if (place.region == "-") {
        TRY(each_document(transaction, kServices, place.prefix(),
                          [&](Document& document) -> Outcome<bool> {
                              if (last_part(document.name) != route) return true;
                              place.region = segment(document.name, 3);
                              return false;
                          }));
    }
    ServiceName const name{.place = place, .service = route};
    if (!TRY(transaction.get(kServices, name.key()))) {
        return knative_missing(place, "SERVICE", route);
    }
    auto const key = key_of(place, domain);
    if (TRY(transaction.get(kDomainMappings, key))) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("Resource '{}' already exists.", domain)};
    }
    json::object metadata;
    if (auto const* const given = find_object(call.fields(), "metadata")) metadata = *given;
    metadata["namespace"] = place.number;
    metadata["creationTimestamp"] = timestamp(changes_.clock().wall_now());
    metadata["generation"] = 1;
    metadata["uid"] = uid_of(key + std::string(metadata.at("creationTimestamp").as_string()));
    metadata["selfLink"] = fmt::format(
        "/apis/domains.cloudrun.com/v1/namespaces/{}/domainmappings/{}", place.number, domain);
    object_field(metadata, "labels")["cloud.googleapis.com/location"] = place.region;
    Document document{.name = key,
                      .body = json::object{{"metadata", std::move(metadata)}, {"spec", *spec}}};
    auto const* const forced = spec->if_contains("forceOverride");
    auto const claim = forced != nullptr && forced->as_bool() ? Claim::Override : Claim::IfFree;
    if (!TRY(settle(transaction, domain, claim))) {
        document.body.as_object()[kConflictSince] = timestamp(changes_.clock().wall_now());
    }
    document.version = TRY(transaction.insert(kDomainMappings, key, document.body));
    return reply(view(document));
}

Outcome<Reply> DomainMappings::create(Call& call) {
    static std::regex const pattern(
        "([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
    auto const* const metadata = find_object(call.fields(), "metadata");
    auto const domain = metadata == nullptr ? "" : text_field(*metadata, "name");
    if (domain.size() > 253 || !std::regex_match(domain, pattern)) {
        return invalid_body({{"metadata.name", fmt::format("'{}' is no domain.", domain)}});
    }
    auto created = write<Reply>(changes_.store(), [&](Transaction& transaction) {
        return insert(transaction, call, domain);
    });
    if (created.ok()) on_change_();
    return created;
}

}  // namespace

bool is_in_force(Document const& mapping) {
    return !mapping.body.as_object().contains(kConflictSince);
}

void serve_domain_mappings(Methods& methods, Changes const& changes, OnChange const& on_change) {
    auto const mappings = std::make_shared<DomainMappings>(changes, on_change);
    for (auto const* const parent : {"namespaces", "projects.locations"}) {
        auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
            methods.serve(fmt::format("run.{}.domainmappings.{}", parent, verb), "v1", handler);
        };
        serve("create", [=](Call& call) { return mappings->create(call); });
        serve("get", [=](Call& call) { return mappings->get(call); });
        serve("list", [=](Call& call) { return mappings->list(call); });
        serve("delete", [=](Call& call) { return mappings->remove(call); });
    }
}

void serve_locations(Methods& methods, Store& store) {
    methods.serve("run.projects.locations.list", "v1", [&store](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const project =
                TRY(find_active_project(transaction, segment(call.path_parameter("name"), 1)));
            json::array locations;
            for (auto const& [region, city] : kRegions) {
                locations.push_back(json::object{
                    {"name", fmt::format("projects/{}/locations/{}", project.id, region)},
                    {"locationId", region},
                    {"displayName", city}});
            }
            return reply(json::object{{"locations", std::move(locations)}});
        });
    });
}

}  // namespace aipress::sandbox::run
