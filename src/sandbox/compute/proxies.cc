#include "sandbox/compute/proxies.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "sandbox/compute/addresses.h"
#include "sandbox/compute/ip_range.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr milliseconds kCertificateTime{20 * 60'000};  // until Google has one for its domains
constexpr std::size_t kCertificatesMost = 15;          // of a proxy
constexpr std::size_t kDomainsMost = 100;              // of a managed certificate

Outcome<Done> complete_proxy(Change& change) {
    if (text_field(change.body, "urlMap").empty()) return required_field("resource.urlMap");
    set_default(change.body, "proxyBind", false);
    return Done();
}

Outcome<Done> complete_http(Change& change) {
    change.body.erase("proxyBind");
    if (text_field(change.body, "urlMap").empty()) return required_field("resource.urlMap");
    return Done();
}

Outcome<Done> complete_https(Change& change) {
    TRY(complete_proxy(change));
    auto& body = change.body;
    set_default(body, "quicOverride", "NONE");
    set_default(body, "tlsEarlyData", "DISABLED");
    auto const* const certificates = body.if_contains("sslCertificates");
    auto const count = certificates == nullptr ? 0 : certificates->as_array().size();
    bool const has_map = !text_field(body, "certificateMap").empty();
    if (count == 0 && !has_map) return required_field("resource.sslCertificates");
    if (count > kCertificatesMost) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("Value for field 'resource.sslCertificates' is too "
                                               "large: maximum size {} element(s); actual size {}.",
                                               kCertificatesMost, count),
                        .http_status = 413,
                        .legacy_reason = "fieldSizeTooLarge"};
    }
    return Done();
}

// "443" and "443-443" are the same; Google answers the second.
Outcome<std::string> port_range_of(json::object const& body) {
    auto const text = text_field(body, "portRange");
    if (text.empty()) return required_field("resource.portRange");
    auto const dash = text.find('-');
    auto const first = text.substr(0, dash);
    auto const last = dash == text.npos ? first : text.substr(dash + 1);
    unsigned port = 0;
    auto const [end, failure] = std::from_chars(first.data(), first.data() + first.size(), port);
    bool const is_good = failure == std::errc() && end == first.data() + first.size() &&
                         port >= 1 && port <= 65535 && first == last;
    if (is_good) return fmt::format("{}-{}", first, last);
    return invalid_value("resource.portRange", text, "A target proxy listens at one port.");
}

Outcome<Done> use_reserved(Change& change, std::string const& path) {
    auto const document = TRY(find_ready(change.transaction, path, change.now));
    change.body["IPAddress"] = text_field(document.body.as_object(), "address");
    change.body[kUsedAddress] = link_of(path);
    return Done();
}

// A reserved address, by its link or its number; else one that lives as long as the rule.
Outcome<Done> take_address(Change& change) {
    auto const asked = text_field(change.body, "IPAddress");
    if (asked.empty()) {
        change.body["IPAddress"] = TRY(take_external(change.transaction, change.path));
        return Done();
    }
    if (!parse_ipv4(asked)) {
        auto const path = path_of(asked, change.project);
        if (!path) return invalid_value("resource.IPAddress", asked, "The URL is malformed.");
        return use_reserved(change, *path);
    }
    auto const owner = TRY(owner_of_external(change.transaction, asked));
    if (collection_of(owner) == "addresses") return use_reserved(change, owner);
    return invalid_value("resource.IPAddress", asked, "The address is not reserved.");
}

// One address has one rule for each of its ports.
Outcome<Done> check_port_free(Change const& change) {
    auto const used = text_field(change.body, kUsedAddress);
    if (used.empty()) return Done();
    for (auto const& user : TRY(users_of(change.transaction, used.substr(kLinks.size())))) {
        if (user == change.path) continue;
        auto const other = TRY(find_resource(change.transaction, user));
        if (text_field(other.body.as_object(), "portRange") !=
            text_field(change.body, "portRange")) {
            continue;
        }
        return ApiError{.code = ErrorCode::FailedPrecondition,
                        .message = fmt::format("Invalid value for field 'resource.IPAddress': "
                                               "'{}'. Specified IP address is in-use and would "
                                               "result in a conflict.",
                                               text_field(change.body, "IPAddress")),
                        .http_status = 400,
                        .legacy_reason = "invalid"};
    }
    return Done();
}

Outcome<Done> complete_rule(Change& change) {
    auto& body = change.body;
    if (text_field(body, "target").empty()) return required_field("resource.target");
    auto const target =
        std::string(collection_of(text_field(body, "target").substr(kLinks.size())));
    if (target != "targetHttpProxies" && target != "targetHttpsProxies") {
        return invalid_value("resource.target", text_field(body, "target"),
                             "This sandbox has HTTP and HTTPS proxies only.");
    }
    set_default(body, "description", "");
    set_default(body, "IPProtocol", "TCP");
    set_default(body, "loadBalancingScheme", "EXTERNAL");
    set_default(body, "networkTier", "PREMIUM");
    body["portRange"] = TRY(port_range_of(body));
    if (!change.before) TRY(take_address(change));
    for (std::string_view const name : {std::string_view("IPAddress"), kUsedAddress}) {
        auto const* const kept = change.before ? change.before->if_contains(name) : nullptr;
        if (kept != nullptr) body[name] = *kept;
    }
    return check_port_free(change);
}

Outcome<Done> release_rule(Change& change) {
    return release_external(change.transaction, text_field(change.body, "IPAddress"), change.path);
}

Outcome<Done> complete_certificate(Change& change) {
    auto& body = change.body;
    set_default(body, "description", "");
    if (auto const* const given = body.if_contains("selfManaged"); given != nullptr) {
        for (auto const& field : given->as_object()) set_default(body, field.key(), field.value());
    }
    auto const type = text_field(body, "type");
    if (type != "MANAGED") {
        for (auto const* const name : {"certificate", "privateKey"}) {
            if (text_field(body, name).empty()) {
                return required_field(fmt::format("resource.{}", name));
            }
        }
        body["type"] = "SELF_MANAGED";
        body.erase("privateKey");
        if (auto* const given = body.if_contains("selfManaged")) {
            given->as_object().erase("privateKey");
        }
        return Done();
    }
    auto* const managed = body.if_contains("managed");
    auto const* const domains =
        managed == nullptr ? nullptr : managed->as_object().if_contains("domains");
    if (domains == nullptr || domains->as_array().empty()) {
        return required_field("resource.managed.domains");
    }
    if (domains->as_array().size() > kDomainsMost) {
        return invalid_value("resource.managed.domains", "", "At most 100 domains.");
    }
    return Done();
}

// A managed certificate is there when its time has come: told by the clock, as operations are.
Outcome<Done> show_certificate(json::object& body, bool is_active) {
    auto* const managed = body.if_contains("managed");
    if (managed == nullptr) return Done();
    auto& fields = managed->as_object();
    auto const* const state = is_active ? "ACTIVE" : "PROVISIONING";
    json::object domains;
    for (auto const& domain : fields.at("domains").as_array()) {
        domains[domain.as_string()] = state;
    }
    fields["status"] = state;
    fields["domainStatus"] = std::move(domains);
    body["subjectAlternativeNames"] = fields.at("domains");
    return Done();
}

// compute.KIND.VERB: puts fields of the request into the resource.
void serve_setter(Methods& methods, ResourcesPointer const& resources, KindPointer const& kind,
                  std::string const& verb, std::vector<std::string> const& fields) {
    methods.serve(fmt::format("compute.{}.{}", kind->api, verb), "v1", [=](Call& call) {
        auto const content = content_of(call, Nulls::Dropped);
        return resources->change(call, *kind, verb, [&](Change& change) -> Outcome<Done> {
            for (auto const& field : fields) {
                change.body.erase(field);
                if (auto const* const value = content.if_contains(field)) {
                    change.body[field] = *value;
                }
            }
            TRY(link_body(change.transaction, change.project, change.body, change.now));
            return kind->complete(change);
        });
    });
}

void serve_certificates(Methods& methods, ResourcesPointer const& resources) {
    auto const kind = std::make_shared<Kind const>(Kind{
        .api = "sslCertificates",
        .collection = "sslCertificates",
        .parameter = "sslCertificate",
        .type = "compute#sslCertificate",
        .complete = complete_certificate,
        .made =
            [resources](Change& change) {
                auto const active = resources->operations().done_at(kCertificateTime);
                change.body["sandboxActiveMs"] = milliseconds_of(active);
                return update_resource(change.transaction, change.path, change.body, change.body);
            },
        .decorate =
            [resources](Transaction&, std::string const&, json::object& body) {
                auto const active = body.at("sandboxActiveMs").to_number<std::int64_t>();
                body.erase("sandboxActiveMs");
                return show_certificate(body,
                                        active <= milliseconds_of(resources->clock().wall_now()));
            }});
    serve_kind(methods, resources, kind, {"insert", "get", "list", "delete"});
}

}  // namespace

void serve_proxies(Methods& methods, ResourcesPointer const& resources) {
    serve_certificates(methods, resources);
    Kind http{.api = "targetHttpProxies",
              .collection = "targetHttpProxies",
              .parameter = "targetHttpProxy",
              .type = "compute#targetHttpProxy",
              .fingerprint = Fingerprint::Honoured,
              .complete = complete_http};
    Kind https = http;
    https.api = https.collection = "targetHttpsProxies";
    https.parameter = "targetHttpsProxy";
    https.type = "compute#targetHttpsProxy";
    https.complete = complete_https;
    auto const https_kind = std::make_shared<Kind const>(https);
    for (auto const& kind : {std::make_shared<Kind const>(http), https_kind}) {
        serve_kind(methods, resources, kind, {"insert", "get", "list", "patch", "delete"});
        serve_setter(methods, resources, kind, "setUrlMap", {"urlMap"});
    }
    serve_setter(methods, resources, https_kind, "setSslCertificates", {"sslCertificates"});
    serve_setter(methods, resources, https_kind, "setCertificateMap", {"certificateMap"});
    auto const rule = std::make_shared<Kind const>(
        Kind{.api = "globalForwardingRules",
             .collection = "forwardingRules",
             .parameter = "forwardingRule",
             .type = "compute#forwardingRule",
             .fingerprint = Fingerprint::Honoured,
             .labels = Labels::Kept,
             .fixed = {"portRange", "IPProtocol", "loadBalancingScheme"},
             .complete = complete_rule,
             .release = release_rule,
             .decorate = [](Transaction&, std::string const&, json::object& body) {
                 body.erase(kUsedAddress);
                 return Outcome<Done>(Done());
             }});
    serve_kind(methods, resources, rule, {"insert", "get", "list", "patch", "delete"});
    serve_setter(methods, resources, rule, "setTarget", {"target"});
    serve_labels(methods, resources, rule);
    // There are no rules of regions, but gcloud asks for all that there are in one list.
    auto regional = std::make_shared<Kind>(*rule);
    regional->api = "forwardingRules";
    regional->scope = Scope::Region;
    serve_kind(methods, resources, regional, {"list", "aggregatedList"});
}

}  // namespace aipress::sandbox::compute
