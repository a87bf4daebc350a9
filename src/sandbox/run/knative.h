// Cloud Run v1, which speaks Knative: services, revisions, configurations, routes. The names are
// namespaces/p/services/s at a region's host, or projects/p/locations/r/services/s anywhere.
#pragma once

#include "sandbox/run/changes.h"
#include "sandbox/run/services.h"

namespace aipress::sandbox::run {

// All that is passed outlives `methods`.
void serve_v1(Methods& methods, Changes const& changes, OnChange const& on_change);

// What v1's lists have in common: `limit`, `continue`, `labelSelector`; `kind`: "Service".
struct KnativeList {
    std::string_view collection;
    std::string_view kind;
    std::string_view api = "serving.knative.dev/v1";
    // nullopt: not one of the list's.
    std::function<Outcome<std::optional<boost::json::object>>(Transaction&, Document const&)> view;
};
[[nodiscard]] Outcome<Reply> list_knative(Changes const& changes, Call& call,
                                          KnativeList const& list);

// What a deletion is answered with.
[[nodiscard]] Outcome<Reply> knative_success();
[[nodiscard]] ApiError knative_missing(Place const& place, std::string_view kind,
                                       std::string_view name);
// The last part of a v1 name: "namespaces/p/services/s".
[[nodiscard]] std::string_view last_part(std::string_view name);

}  // namespace aipress::sandbox::run
