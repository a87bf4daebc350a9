#include "sandbox/compute/compute.h"

#include <fmt/format.h>
#include <memory>

#include "sandbox/compute/addresses.h"
#include "sandbox/compute/backends.h"
#include "sandbox/compute/firewalls.h"
#include "sandbox/compute/locations.h"
#include "sandbox/compute/networks.h"
#include "sandbox/compute/proxies.h"
#include "sandbox/compute/subnetworks.h"
#include "sandbox/compute/url_maps.h"

namespace aipress::sandbox {
namespace {

using compute::Kind;
using compute::ResourcesPointer;

// Google waits for two minutes, but may answer earlier; clients ask again.
constexpr milliseconds kWaitMost{2'000};

Outcome<Reply> wait(ResourcesPointer const& resources, Call& call, Kind const& kind) {
    auto& clock = resources->clock();
    auto const end = clock.now() + kWaitMost;
    constexpr milliseconds kStep{50};
    while (true) {
        auto answer = TRY(resources->get(call, kind));
        auto const* const operation = std::get_if<boost::json::value>(&answer);
        bool const is_done = operation != nullptr && operation->at("status") == "DONE";
        if (is_done || clock.now() >= end || !clock.sleep_for(kStep, {})) return answer;
    }
}

void serve_operations(Methods& methods, ResourcesPointer const& resources) {
    Kind global{.api = "globalOperations",
                .collection = "operations",
                .parameter = "operation",
                .type = "compute#operation",
                .decorate = [resources](Transaction&, std::string const&,
                                        boost::json::object& body) -> Outcome<Done> {
                    body = resources->operations().view(std::move(body));
                    return Done();
                }};
    auto regional = global;
    regional.api = "regionOperations";
    regional.scope = compute::Scope::Region;
    for (auto const& one : {global, regional}) {
        auto const kind = std::make_shared<Kind const>(one);
        serve_kind(methods, resources, kind, {"get", "list"});
        methods.serve(fmt::format("compute.{}.wait", kind->api), "v1",
                      [=](Call& call) { return wait(resources, call, *kind); });
    }
    serve_kind(methods, resources, std::make_shared<Kind const>(global), {"aggregatedList"});
}

}  // namespace

void serve_compute(Methods& methods, Store& store, Clock& clock, Operations const& operations) {
    auto const resources = std::make_shared<compute::Resources>(store, clock, operations);
    serve_operations(methods, resources);
    compute::serve_locations(methods, resources);
    compute::serve_networks(methods, resources);
    compute::serve_subnetworks(methods, resources);
    compute::serve_firewalls(methods, resources);
    compute::serve_addresses(methods, resources);
    compute::serve_backends(methods, resources);
    compute::serve_url_maps(methods, resources);
    compute::serve_proxies(methods, resources);
}

}  // namespace aipress::sandbox
