#include "sandbox/run/knative.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "sandbox/resource_names.h"
#include "sandbox/run/knative_views.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostListed = 1000;
constexpr std::string_view kUsualRegion = "us-central1";

// "a = b,c=d": all of which must hold; "!a" and sets are not spoken by clients of this API.
bool matches_selector(json::object const& shown, std::string_view selector) {
    auto const* const metadata = find_object(shown, "metadata");
    auto const* const labels = metadata == nullptr ? nullptr : find_object(*metadata, "labels");
    while (!selector.empty()) {
        auto const comma = std::min(selector.find(','), selector.size());
        std::string term(selector.substr(0, comma));
        selector.remove_prefix(std::min(comma + 1, selector.size()));
        std::erase(term, ' ');
        auto const equals = term.find('=');
        if (equals == term.npos) continue;
        auto const value = term.substr(term.find_last_of('=') + 1);
        if (labels == nullptr || text_field(*labels, term.substr(0, equals)) != value) return false;
    }
    return true;
}

// Without a region: the one service of that name, wherever it is.
Outcome<ServiceName> located(Transaction& transaction, Place place, std::string_view service) {
    ServiceName name{.place = std::move(place), .service = std::string(service)};
    if (name.place.region != "-") return name;
    std::string region;
    TRY(each_document(transaction, kServices, name.place.prefix(),
                      [&](Document& document) -> Outcome<bool> {
                          if (last_part(document.name) != service) return true;
                          region = segment(document.name, 3);
                          return false;
                      }));
    if (!region.empty()) name.place.region = region;
    return name;
}

class Knative {
public:
    Knative(Changes const& changes, OnChange on_change)
        : changes_(changes), on_change_(std::move(on_change)) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> replace(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> get(Call& call, KnativeKind kind);
    Outcome<Reply> list(Call& call, KnativeKind kind);
    Outcome<Reply> get_revision(Call& call);
    Outcome<Reply> list_revisions(Call& call);
    Outcome<Reply> remove_revision(Call& call);

private:
    struct Found {
        ServiceName name = {};
        Document service = {};
        Document revision = {};
    };
    static Outcome<Found> find(Transaction& transaction, Call const& call);
    static Outcome<Found> find_revision_of(Transaction& transaction, Call const& call);
    Outcome<Reply> change(std::function<Outcome<Reply>(Transaction&)> const& work) {
        auto changed = write<Reply>(changes_.store(), work);
        if (changed.ok()) on_change_();
        return changed;
    }
    Outcome<Reply> apply(Transaction& transaction, Call const& call, ServiceName const& name,
                         std::optional<Document> current) {
        auto const document =
            TRY(changes_.apply(transaction, {.name = name,
                                             .current = std::move(current),
                                             .wish = wish_of_knative(call.fields()),
                                             .principal = call.principal,
                                             .error_root = "spec"}));
        return reply(knative_view(KnativeKind::Service, document, name, changes_.moment()));
    }

    Changes const& changes_;
    OnChange const on_change_;
};

Outcome<Knative::Found> Knative::find(Transaction& transaction, Call const& call) {
    auto const& path = call.path_parameter("name");
    Found found{
        .name = TRY(located(transaction, TRY(place_of(transaction, call, path)), last_part(path)))};
    auto service = TRY(transaction.get(kServices, found.name.key()));
    if (!service) return knative_missing(found.name.place, "SERVICE", found.name.service);
    found.service = std::move(*service);
    return found;
}

// A revision's name begins with its service's, and says no more of it.
Outcome<Knative::Found> Knative::find_revision_of(Transaction& transaction, Call const& call) {
    auto const& path = call.path_parameter("name");
    auto const place = TRY(place_of(transaction, call, path));
    auto const revision = last_part(path);
    for (auto dash = revision.find('-'); dash != revision.npos;
         dash = revision.find('-', dash + 1)) {
        auto const name = TRY(located(transaction, place, revision.substr(0, dash)));
        auto document = TRY(transaction.get(kRevisions, name.revision_key(revision)));
        if (!document) continue;
        return Found{.name = name,
                     .service = TRY(find_service(transaction, name)),
                     .revision = std::move(*document)};
    }
    return knative_missing(place, "REVISION", revision);
}

Outcome<Reply> Knative::create(Call& call) {
    return change([&](Transaction& transaction) -> Outcome<Reply> {
        auto place = TRY(place_of(transaction, call, call.path_parameter("parent")));
        auto const* const metadata = find_object(call.fields(), "metadata");
        ServiceName name{.place = std::move(place)};
        if (metadata != nullptr) name.service = text_field(*metadata, "name");
        if (name.place.region == "-") {
            auto const* const labels =
                metadata == nullptr ? nullptr : find_object(*metadata, "labels");
            auto const label =
                labels == nullptr ? "" : text_field(*labels, "cloud.googleapis.com/location");
            name.place.region = label.empty() ? std::string(kUsualRegion) : label;
        }
        if (TRY(transaction.get(kServices, name.key()))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = fmt::format("Resource '{}' already exists.", name.service)};
        }
        return apply(transaction, call, name, std::nullopt);
    });
}

Outcome<Reply> Knative::replace(Call& call) {
    return change([&](Transaction& transaction) -> Outcome<Reply> {
        auto found = TRY(find(transaction, call));
        auto const* const metadata = find_object(call.fields(), "metadata");
        auto const version = metadata == nullptr ? "" : text_field(*metadata, "resourceVersion");
        auto const current = fmt::format("{}", found.service.version);
        if (!version.empty() && version != current) {
            return ApiError{.code = ErrorCode::Aborted,
                            .message = fmt::format("Conflict for resource '{}': version '{}' was "
                                                   "specified but current version is '{}'.",
                                                   found.name.service, version, current)};
        }
        return apply(transaction, call, found.name, std::move(found.service));
    });
}

Outcome<Reply> Knative::remove(Call& call) {
    return change([&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find(transaction, call));
        TRY(Changes::remove(transaction, found.name));
        return knative_success();
    });
}

Outcome<Reply> Knative::get(Call& call, KnativeKind kind) {
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find(transaction, call));
        return reply(knative_view(kind, found.service, found.name, changes_.moment()));
    });
}

Outcome<Reply> Knative::list(Call& call, KnativeKind kind) {
    using View = std::optional<json::object>;
    return list_knative(
        changes_, call,
        {.collection = kServices,
         .kind = kind == KnativeKind::Service         ? "Service"
                 : kind == KnativeKind::Configuration ? "Configuration"
                                                      : "Route",
         .view = [&](Transaction& transaction, Document const& document) -> Outcome<View> {
             auto const name = TRY(service_of_key(transaction, document.name));
             return View(knative_view(kind, document, name, changes_.moment()));
         }});
}

Outcome<Reply> Knative::get_revision(Call& call) {
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find_revision_of(transaction, call));
        return reply(
            knative_revision_view(found.revision, found.name, found.service, changes_.moment()));
    });
}

Outcome<Reply> Knative::list_revisions(Call& call) {
    using View = std::optional<json::object>;
    return list_knative(
        changes_, call,
        {.collection = kRevisions,
         .kind = "Revision",
         .view = [&](Transaction& transaction, Document const& document) -> Outcome<View> {
             auto const name = TRY(service_of_key(transaction, document.name));
             auto const service = TRY(find_service(transaction, name));
             return View(knative_revision_view(document, name, service, changes_.moment()));
         }});
}

Outcome<Reply> Knative::remove_revision(Call& call) {
    return change([&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find_revision_of(transaction, call));
        TRY(Changes::remove_revision(transaction, found.name,
                                     std::string(segment(found.revision.name, 7))));
        return knative_success();
    });
}

}  // namespace

std::string_view last_part(std::string_view name) {
    auto const slash = name.rfind('/');
    return slash == name.npos ? name : name.substr(slash + 1);
}

ApiError knative_missing(Place const& place, std::string_view kind, std::string_view name) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("Resource '{}' of kind '{}' in region '{}' in project '{}' does "
                                   "not exist.",
                                   name, kind, place.region, place.project)};
}

Outcome<Reply> knative_success() {
    return reply(json::object{{"status", "Success"}});
}

Outcome<Reply> list_knative(Changes const& changes, Call& call, KnativeList const& list) {
    auto const most = TRY(call.page_size("limit", kMostListed, kMostListed));
    auto start = TRY(page_start(call.query("continue")));
    auto const selector = call.query("labelSelector");
    return read<Reply>(changes.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call, call.path_parameter("parent")));
        auto const prefix = place.prefix() + (place.region == "-" ? "" : "/");
        json::array items;
        do {
            auto page = TRY(transaction.list(list.collection, prefix, start, most - items.size()));
            for (auto const& document : page.documents) {
                auto shown = TRY(list.view(transaction, document));
                if (shown && matches_selector(*shown, selector)) {
                    items.push_back(std::move(*shown));
                }
            }
            start = std::move(page.next);
        } while (items.size() < most && !start.empty());
        json::object metadata;
        if (!start.empty()) metadata["continue"] = page_token(start);
        json::object result{{"apiVersion", list.api},
                            {"kind", fmt::format("{}List", list.kind)},
                            {"metadata", std::move(metadata)}};
        if (!items.empty()) result["items"] = std::move(items);
        return reply(std::move(result));
    });
}

void serve_v1(Methods& methods, Changes const& changes, OnChange const& on_change) {
    auto const knative = std::make_shared<Knative>(changes, on_change);
    for (auto const* const parent : {"namespaces", "projects.locations"}) {
        auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
            methods.serve(fmt::format("run.{}.{}", parent, verb), "v1", handler);
        };
        serve("services.create", [=](Call& call) { return knative->create(call); });
        serve("services.replaceService", [=](Call& call) { return knative->replace(call); });
        serve("services.delete", [=](Call& call) { return knative->remove(call); });
        serve("revisions.get", [=](Call& call) { return knative->get_revision(call); });
        serve("revisions.list", [=](Call& call) { return knative->list_revisions(call); });
        serve("revisions.delete", [=](Call& call) { return knative->remove_revision(call); });
        for (auto const& [kind, collection] :
             {std::pair(KnativeKind::Service, "services"),
              std::pair(KnativeKind::Configuration, "configurations"),
              std::pair(KnativeKind::Route, "routes")}) {
            serve(fmt::format("{}.get", collection),
                  [=, kind = kind](Call& call) { return knative->get(call, kind); });
            serve(fmt::format("{}.list", collection),
                  [=, kind = kind](Call& call) { return knative->list(call, kind); });
        }
    }
}

}  // namespace aipress::sandbox::run
