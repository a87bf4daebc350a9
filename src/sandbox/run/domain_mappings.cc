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

json::object view(Document const& document) {
    auto const& body = document.body.as_object();
    auto const domain = std::string(segment(document.name, 5));
    auto metadata = body.at("metadata").as_object();
    metadata["resourceVersion"] = fmt::format("{}", document.version);
    json::array conditions;
    for (auto const* const type : {"Ready", "CertificateProvisioned", "DomainRoutable"}) {
        conditions.push_back(
            json::object{{"type", type},
                         {"status", "True"},
                         {"lastTransitionTime", metadata.at("creationTimestamp")}});
    }
    auto const& spec = body.at("spec").as_object();
    return {{"apiVersion", kVersion},
            {"kind", "DomainMapping"},
            {"metadata", std::move(metadata)},
            {"spec", spec},
            {"status", json::object{{"conditions", std::move(conditions)},
                                    {"observedGeneration", 1},
                                    {"mappedRouteName", spec.at("routeName")},
                                    {"resourceRecords", records_of(domain)}}}};
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
    // A domain is mapped once, in whatever region.
    static Outcome<std::optional<Document>> find_anywhere(Transaction& transaction,
                                                          std::string_view domain);
    static Outcome<Document> find(Transaction& transaction, Call const& call);
    Outcome<Reply> insert(Transaction& transaction, Call const& call, std::string const& domain);

    Changes const& changes_;
    OnChange const on_change_;
};

Outcome<std::optional<Document>> DomainMappings::find_anywhere(Transaction& transaction,
                                                               std::string_view domain) {
    std::optional<Document> found;
    TRY(each_document(transaction, kDomainMappings, "", [&](Document& document) -> Outcome<bool> {
        if (segment(document.name, 5) != domain) return true;
        found = std::move(document);
        return false;
    }));
    return found;
}

Outcome<Document> DomainMappings::find(Transaction& transaction, Call const& call) {
    auto const& path = call.path_parameter("name");
    auto const place = TRY(place_of(transaction, call, path));
    auto const domain = last_part(path);
    auto found = place.region == "-" ? TRY(find_anywhere(transaction, domain))
                                     : TRY(transaction.get(kDomainMappings, key_of(place, domain)));
    if (!found || segment(found->name, 1) != place.project) {
        return knative_missing(place, "DOMAINMAPPING", domain);
    }
    return std::move(*found);
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
    if (auto const taken = TRY(find_anywhere(transaction, domain))) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("Resource '{}' already exists.", domain)};
    }
    json::object metadata;
    if (auto const* const given = find_object(call.fields(), "metadata")) metadata = *given;
    auto const key = key_of(place, domain);
    metadata["namespace"] = place.number;
    metadata["creationTimestamp"] = timestamp(changes_.clock().wall_now());
    metadata["generation"] = 1;
    metadata["uid"] = uid_of(key + std::string(metadata.at("creationTimestamp").as_string()));
    metadata["selfLink"] = fmt::format(
        "/apis/domains.cloudrun.com/v1/namespaces/{}/domainmappings/{}", place.number, domain);
    object_field(metadata, "labels")["cloud.googleapis.com/location"] = place.region;
    Document document{.name = key,
                      .body = json::object{{"metadata", std::move(metadata)}, {"spec", *spec}}};
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
