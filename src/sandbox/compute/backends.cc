#include "sandbox/compute/backends.h"

#include <fmt/format.h>

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMonth = 2'592'000;  // Cloud CDN keeps nothing for longer than 30 days
constexpr std::int64_t kYear = 31'622'400;

std::optional<std::int64_t> number_in(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr ? std::nullopt : std::optional(value->to_number<std::int64_t>());
}

Outcome<Done> check_ttl(json::object const& policy, std::string_view name, std::int64_t most) {
    auto const value = number_in(policy, name);
    if (!value || (*value >= 0 && *value <= most)) return Done();
    return invalid_value(fmt::format("resource.cdnPolicy.{}", name), fmt::format("{}", *value),
                         fmt::format("Must be between 0 and {}.", most));
}

// https://cloud.google.com/cdn/docs/using-ttl-overrides
Outcome<Done> complete_cdn_policy(json::object& policy) {
    set_default(policy, "cacheMode", "CACHE_ALL_STATIC");
    auto const mode = text_field(policy, "cacheMode");
    if (mode == "USE_ORIGIN_HEADERS") {
        for (auto const* const name : {"defaultTtl", "maxTtl", "clientTtl"}) {
            auto const value = number_in(policy, name);
            if (!value) continue;
            return invalid_value(fmt::format("resource.cdnPolicy.{}", name),
                                 fmt::format("{}", *value),
                                 "The field is not supported when cacheMode is "
                                 "USE_ORIGIN_HEADERS.");
        }
    } else {
        set_default(policy, "defaultTtl", 3600);
        set_default(policy, "clientTtl", policy.at("defaultTtl"));
        if (mode == "CACHE_ALL_STATIC") {
            set_default(policy, "maxTtl",
                        std::max<std::int64_t>(86'400, *number_in(policy, "defaultTtl")));
        } else if (policy.contains("maxTtl")) {
            return invalid_value("resource.cdnPolicy.maxTtl",
                                 fmt::format("{}", *number_in(policy, "maxTtl")),
                                 "The field is supported only when cacheMode is "
                                 "CACHE_ALL_STATIC.");
        }
    }
    TRY(check_ttl(policy, "defaultTtl", kYear));
    TRY(check_ttl(policy, "maxTtl", kYear));
    TRY(check_ttl(policy, "clientTtl", kMonth));
    auto const most = number_in(policy, "maxTtl");
    for (auto const* const name : {"defaultTtl", "clientTtl"}) {
        auto const value = number_in(policy, name);
        if (!most || !value || *value <= *most) continue;
        return invalid_value(fmt::format("resource.cdnPolicy.{}", name), fmt::format("{}", *value),
                             "The value must be less than or equal to maxTtl.");
    }
    set_default(policy, "negativeCaching", false);
    set_default(policy, "requestCoalescing", true);
    set_default(policy, "serveWhileStale", 0);
    return Done();
}

Outcome<Done> complete_cdn(json::object& body) {
    auto* const policy = body.if_contains("cdnPolicy");
    return policy == nullptr ? Outcome<Done>(Done()) : complete_cdn_policy(policy->as_object());
}

Outcome<Done> complete_bucket(Change& change) {
    if (text_field(change.body, "bucketName").empty()) {
        return required_field("resource.bucketName");
    }
    return complete_cdn(change.body);
}

// What a backend is told to take: nothing when it is serverless.
void complete_backend(json::object& backend) {
    if (text_field(backend, "group").find("/networkEndpointGroups/") != std::string::npos) return;
    set_default(backend, "balancingMode", "UTILIZATION");
    set_default(backend, "capacityScaler", 1.0);
}

void complete_iap(json::object& body) {
    auto* const iap = body.if_contains("iap");
    if (iap == nullptr) return;
    set_default(iap->as_object(), "enabled", false);
    iap->as_object().erase("oauth2ClientSecret");  // never told again
}

Outcome<Done> complete_service(Change& change) {
    auto& body = change.body;
    set_default(body, "description", "");
    set_default(body, "loadBalancingScheme", "EXTERNAL");
    set_default(body, "protocol", "HTTP");
    set_default(body, "portName", text_field(body, "protocol") == "HTTPS" ? "https" : "http");
    set_default(body, "port", text_field(body, "protocol") == "HTTPS" ? 443 : 80);
    set_default(body, "sessionAffinity", "NONE");
    set_default(body, "affinityCookieTtlSec", 0);
    set_default(body, "timeoutSec", 30);
    set_default(body, "enableCDN", false);
    set_default(body, "connectionDraining", json::object{{"drainingTimeoutSec", 0}});
    complete_iap(body);
    if (auto* const backends = body.if_contains("backends")) {
        std::size_t index = 0;
        for (auto& backend : backends->as_array()) {
            auto const field = fmt::format("resource.backends[{}].group", index++);
            if (text_field(backend.as_object(), "group").empty()) return required_field(field);
            complete_backend(backend.as_object());
        }
    }
    return complete_cdn(body);
}

Outcome<Done> complete_group(Change& change) {
    auto& body = change.body;
    auto const type = text_field(body, "networkEndpointType");
    if (type != "SERVERLESS") {
        return invalid_value("resource.networkEndpointType", type,
                             "This sandbox has SERVERLESS groups only.");
    }
    std::size_t count = 0;
    for (auto const* const name : {"cloudRun", "appEngine", "cloudFunction"}) {
        count += body.contains(name) ? 1 : 0;
    }
    if (count != 1) {
        return invalid_value("resource.networkEndpointType", type,
                             "Exactly one of cloudRun, appEngine and cloudFunction must be "
                             "specified.");
    }
    if (auto const* const run = body.if_contains("cloudRun")) {
        auto const& fields = run->as_object();
        if (text_field(fields, "service").empty() && text_field(fields, "urlMask").empty()) {
            return required_field("resource.cloudRun.service");
        }
    }
    body["size"] = 0;
    return Done();
}

}  // namespace

void serve_backends(Methods& methods, ResourcesPointer const& resources) {
    auto const bucket = std::make_shared<Kind const>(Kind{.api = "backendBuckets",
                                                          .collection = "backendBuckets",
                                                          .parameter = "backendBucket",
                                                          .type = "compute#backendBucket",
                                                          .complete = complete_bucket});
    serve_kind(methods, resources, bucket, {"insert", "get", "list", "patch", "update", "delete"});
    auto const service = std::make_shared<Kind const>(Kind{.api = "backendServices",
                                                           .collection = "backendServices",
                                                           .parameter = "backendService",
                                                           .type = "compute#backendService",
                                                           .fingerprint = Fingerprint::Honoured,
                                                           .fixed = {"loadBalancingScheme"},
                                                           .complete = complete_service});
    serve_kind(methods, resources, service,
               {"insert", "get", "list", "aggregatedList", "patch", "update", "delete"});
    auto const group = std::make_shared<Kind const>(Kind{.api = "regionNetworkEndpointGroups",
                                                         .collection = "networkEndpointGroups",
                                                         .parameter = "networkEndpointGroup",
                                                         .type = "compute#networkEndpointGroup",
                                                         .scope = Scope::Region,
                                                         .complete = complete_group});
    serve_kind(methods, resources, group, {"insert", "get", "list", "delete"});
}

}  // namespace aipress::sandbox::compute
