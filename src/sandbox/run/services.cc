#include "sandbox/run/services.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "sandbox/policies.h"
#include "sandbox/resource_names.h"
#include "sandbox/run/run_operations.h"
#include "sandbox/run/site_plan.h"
#include "sandbox/run/views.h"
#include "sandbox/update_mask.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostListed = 100;

Outcome<Done> check_etag(Document const& document, std::string const& etag) {
    if (etag.empty() || etag == etag_text(document.version)) return Done();
    return ApiError{
        .code = ErrorCode::Aborted,
        .message = fmt::format("Conflict for resource '{}': version '{}' was specified but current "
                               "version is '{}'.",
                               segment(document.name, 5), etag, etag_text(document.version))};
}

class Services {
public:
    Services(Changes const& changes, OnChange on_change)
        : changes_(changes), on_change_(std::move(on_change)) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> get_revision(Call& call);
    Outcome<Reply> list_revisions(Call& call);
    Outcome<Reply> remove_revision(Call& call);

private:
    using Work = std::function<Outcome<Reply>(Transaction&)>;
    // With validateOnly all of it is tried, and nothing is kept.
    enum class Sites { Change, Stay };  // what is served
    Outcome<Reply> change(Call& call, Work const& work, Sites sites = Sites::Change);
    Outcome<Reply> apply(Transaction& transaction, Call const& call, Change change);

    Changes const& changes_;
    OnChange const on_change_;
};

Outcome<ServiceName> service_name(Transaction& transaction, Call const& call,
                                  std::string_view name) {
    auto place = TRY(place_of(transaction, call, name));
    return ServiceName{.place = std::move(place), .service = std::string(segment(name, 5))};
}

Outcome<Reply> Services::change(Call& call, Work const& work, Sites sites) {
    if (!call.flag("validateOnly")) {
        auto changed = write<Reply>(changes_.store(), work);
        if (changed.ok() && sites == Sites::Change) on_change_();
        return changed;
    }
    std::optional<Reply> tried;
    auto outcome = write<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        tried = TRY(work(transaction));
        return ApiError{.code = ErrorCode::Cancelled, .message = "only tried"};
    });
    if (tried) return std::move(*tried);
    return outcome;
}

Outcome<Reply> Services::apply(Transaction& transaction, Call const& call, Change change) {
    auto const name = change.name;
    auto const document = TRY(changes_.apply(transaction, std::move(change)));
    auto const& body = document.body.as_object();
    // As it will be when the operation is done.
    auto moment = changes_.moment();
    moment.now += kDeployTime;
    auto const ready = service_conditions(body, moment).at(0);
    auto metadata = service_view(document, name, changes_.moment());
    std::optional<ApiError> error;
    if (ready.state == Condition::State::Failed) {
        bool const is_missing = ready.reason == "RevisionMissing";
        error = {.code = is_missing ? ErrorCode::Internal : ErrorCode::FailedPrecondition,
                 .message = ready.message};
    }
    return start_operation(changes_.operations(), transaction, call, name.place,
                           {.metadata = std::move(metadata),
                            .response = service_view(document, name, moment),
                            .type = "google.cloud.run.v2.Service",
                            .error = std::move(error)});
}

Outcome<Reply> Services::create(Call& call) {
    auto const work = [&](Transaction& transaction) -> Outcome<Reply> {
        auto place = TRY(place_of(transaction, call, call.path_parameter("parent")));
        ServiceName const name{.place = std::move(place), .service = call.query("serviceId")};
        if (TRY(transaction.get(kServices, name.key()))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = fmt::format("Resource '{}' already exists.", name.service)};
        }
        return apply(transaction, call,
                     {.name = name,
                      .wish = call.fields(),
                      .principal = call.principal,
                      .error_root = "Violation in CreateServiceRequest.service"});
    };
    return change(call, work, is_reachable(call.fields()) ? Sites::Change : Sites::Stay);
}

Outcome<Reply> Services::patch(Call& call) {
    return change(call, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(service_name(transaction, call, call.path_parameter("name")));
        auto current = TRY(transaction.get(kServices, name.key()));
        if (!current && !call.flag("allowMissing")) {
            TRY(find_service(transaction, name));
        }
        json::object wish = call.fields();
        if (current) {
            TRY(check_etag(*current, text_field(call.fields(), "etag")));
            wish = masked(current->body.as_object(), call.fields(), call.query("updateMask"));
        }
        return apply(transaction, call,
                     {.name = name,
                      .current = std::move(current),
                      .wish = std::move(wish),
                      .principal = call.principal,
                      .error_root = "Violation in UpdateServiceRequest.service"});
    });
}

Outcome<Reply> Services::get(Call& call) {
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(service_name(transaction, call, call.path_parameter("name")));
        return reply(service_view(TRY(find_service(transaction, name)), name, changes_.moment()));
    });
}

Outcome<Reply> Services::list(Call& call) {
    auto const most = TRY(call.page_size("pageSize", kMostListed, kMostListed));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call, call.path_parameter("parent")));
        auto const prefix = place.prefix() + (place.region == "-" ? "" : "/services/");
        auto const page = TRY(transaction.list(kServices, prefix, start, most));
        json::array services;
        for (auto const& document : page.documents) {
            auto const name = TRY(service_of_key(transaction, document.name));
            services.push_back(service_view(document, name, changes_.moment()));
        }
        json::object result;
        if (!services.empty()) result["services"] = std::move(services);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Services::remove(Call& call) {
    return change(call, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(service_name(transaction, call, call.path_parameter("name")));
        auto const document = TRY(find_service(transaction, name));
        TRY(check_etag(document, call.query("etag")));
        auto shown = service_view(document, name, changes_.moment());
        TRY(Changes::remove(transaction, name));
        shown["deleteTime"] = timestamp(changes_.clock().wall_now());
        return start_operation(
            changes_.operations(), transaction, call, name.place,
            {.metadata = shown, .response = shown, .type = "google.cloud.run.v2.Service"});
    });
}

Outcome<Reply> Services::get_revision(Call& call) {
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const& path = call.path_parameter("name");
        auto const name = TRY(service_name(transaction, call, path));
        auto const service = TRY(find_service(transaction, name));
        auto const revision = TRY(find_revision(transaction, name, segment(path, 7)));
        return reply(revision_view(revision, name, service.body.as_object(), changes_.moment()));
    });
}

Outcome<Reply> Services::list_revisions(Call& call) {
    auto const most = TRY(call.page_size("pageSize", kMostListed, kMostListed));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(changes_.store(), [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(service_name(transaction, call, call.path_parameter("parent")));
        auto const service = TRY(find_service(transaction, name));
        auto const page =
            TRY(transaction.list(kRevisions, name.key() + "/revisions/", start, most));
        json::array revisions;
        for (auto const& document : page.documents) {
            revisions.push_back(
                revision_view(document, name, service.body.as_object(), changes_.moment()));
        }
        json::object result;
        if (!revisions.empty()) result["revisions"] = std::move(revisions);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Services::remove_revision(Call& call) {
    return change(call, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const& path = call.path_parameter("name");
        auto const name = TRY(service_name(transaction, call, path));
        auto const service = TRY(find_service(transaction, name));
        auto const revision = TRY(find_revision(transaction, name, segment(path, 7)));
        TRY(check_etag(revision, call.query("etag")));
        TRY(Changes::remove_revision(transaction, name, std::string(segment(path, 7))));
        auto shown = revision_view(revision, name, service.body.as_object(), changes_.moment());
        shown["deleteTime"] = timestamp(changes_.clock().wall_now());
        return start_operation(
            changes_.operations(), transaction, call, name.place,
            {.metadata = shown, .response = shown, .type = "google.cloud.run.v2.Revision"});
    });
}

}  // namespace

void serve_v2(Methods& methods, Changes const& changes, OnChange const& on_change) {
    auto const services = std::make_shared<Services>(changes, on_change);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("run.projects.locations.services.{}", verb), "v2", handler);
    };
    serve("create", [=](Call& call) { return services->create(call); });
    serve("get", [=](Call& call) { return services->get(call); });
    serve("list", [=](Call& call) { return services->list(call); });
    serve("patch", [=](Call& call) { return services->patch(call); });
    serve("delete", [=](Call& call) { return services->remove(call); });
    serve("revisions.get", [=](Call& call) { return services->get_revision(call); });
    serve("revisions.list", [=](Call& call) { return services->list_revisions(call); });
    serve("revisions.delete", [=](Call& call) { return services->remove_revision(call); });
    // One policy, whichever version is asked for it.
    for (auto const* const version : {"v1", "v2"}) {
        serve_policies(methods, changes.store(), "run.projects.locations.services", version,
                       [](Transaction& transaction, Call const& call) -> Outcome<std::string> {
                           auto const name = TRY(
                               service_name(transaction, call, call.path_parameter("resource")));
                           return TRY(find_service(transaction, name)).name;
                       });
    }
    serve_operations(methods, changes.store(), changes.operations(), changes.clock());
}

}  // namespace aipress::sandbox::run
