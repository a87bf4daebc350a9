#include "sandbox/run/knative_views.h"

#include <array>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/resource_names.h"
#include "sandbox/run/changes.h"
#include "sandbox/run/knative_template.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kVersion = "serving.knative.dev/v1";
constexpr std::string_view kLatest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
constexpr std::string_view kRevisionTarget = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
constexpr std::string_view kLocationLabel = "cloud.googleapis.com/location";
constexpr std::string_view kMinScale = "run.googleapis.com/minScale";

// Annotations of a service that v2 has fields for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTextAnnotations{
    {{"run.googleapis.com/client-name", "client"},
     {"run.googleapis.com/client-version", "clientVersion"},
     {"run.googleapis.com/description", "description"},
     {"run.googleapis.com/launch-stage", "launchStage"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kIngress{
    {{"all", "INGRESS_TRAFFIC_ALL"},
     {"internal", "INGRESS_TRAFFIC_INTERNAL_ONLY"},
     {"internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"},
     {"none", "INGRESS_TRAFFIC_NONE"}}};
constexpr std::string_view kIngressAnnotation = "run.googleapis.com/ingress";
// What the server says in annotations, hence never a wish.
constexpr std::array<std::string_view, 5> kToldAnnotations{
    "run.googleapis.com/ingress-status", "run.googleapis.com/operation-id",
    "run.googleapis.com/urls", "serving.knative.dev/creator", "serving.knative.dev/lastModifier"};

json::array conditions_to_knative(std::vector<Condition> const& conditions) {
    json::array shown;
    for (auto const& condition : conditions) shown.push_back(v1_condition(condition));
    return shown;
}

json::object metadata_of(json::object const& body, ServiceName const& name, std::uint64_t version) {
    json::object labels;
    if (auto const* const own = find_object(body, "labels")) labels = *own;
    labels[kLocationLabel] = name.place.region;
    return {{"name", name.service},
            {"namespace", name.place.number},
            {"uid", body.at("uid")},
            {"selfLink", fmt::format("/apis/serving.knative.dev/v1/namespaces/{}/services/{}",
                                     name.place.number, name.service)},
            {"resourceVersion", fmt::format("{}", version)},
            {"generation", number_field(body, "generation", 1)},
            {"creationTimestamp", body.at("createTime")},
            {"labels", std::move(labels)}};
}

json::object annotations_of(json::object const& body, ServiceName const& name) {
    json::object annotations;
    if (auto const* const own = find_object(body, "annotations")) annotations = *own;
    for (auto const& [annotation, member] : kTextAnnotations) {
        auto const value = text_field(body, member);
        if (!value.empty() && value != "GA") annotations[annotation] = value;
    }
    for (auto const& [word, enumerator] : kIngress) {
        if (text_field(body, "ingress") != enumerator) continue;
        annotations[kIngressAnnotation] = word;
        annotations["run.googleapis.com/ingress-status"] = word;
    }
    if (auto const* const scaling = find_object(body, "scaling")) {
        auto const least = number_field(*scaling, "minInstanceCount", 0);
        if (least > 0) annotations[kMinScale] = std::to_string(least);
    }
    annotations["serving.knative.dev/creator"] = body.at("creator");
    annotations["serving.knative.dev/lastModifier"] = body.at("lastModifier");
    annotations["run.googleapis.com/urls"] =
        json::serialize(json::array{"https://" + name.numbered_host(), "https://" + name.host()});
    return annotations;
}

json::array traffic_to_knative(json::array const& traffic) {
    json::array shown;
    for (auto const& one : traffic) {
        auto const& target = one.as_object();
        json::object knative;
        copy_member(target, "percent", knative, "percent");
        copy_member(target, "tag", knative, "tag");
        if (text_field(target, "type") == kLatest) {
            knative["latestRevision"] = true;
        } else {
            copy_member(target, "revision", knative, "revisionName");
        }
        shown.push_back(std::move(knative));
    }
    return shown;
}

json::array traffic_from_knative(json::array const& traffic) {
    json::array shown;
    for (auto const& one : traffic) {
        auto const& target = one.as_object();
        auto const revision = text_field(target, "revisionName");
        json::object own{{"type", revision.empty() ? kLatest : kRevisionTarget}};
        if (!revision.empty()) own["revision"] = revision;
        copy_member(target, "percent", own, "percent");
        copy_member(target, "tag", own, "tag");
        shown.push_back(std::move(own));
    }
    return shown;
}

json::array served_to_knative(json::object const& body, ServiceName const& name) {
    json::array shown;
    auto const* const served = find_array(body, "served");
    if (served == nullptr) return shown;
    for (auto const& one : *served) {
        auto const& target = one.as_object();
        json::object knative{{"revisionName", text_field(target, "revision")}};
        copy_member(target, "percent", knative, "percent");
        if (text_field(target, "type") == kLatest) knative["latestRevision"] = true;
        if (auto const tag = text_field(target, "tag"); !tag.empty()) {
            knative["tag"] = tag;
            knative["url"] = "https://" + name.tag_host(tag);
        }
        shown.push_back(std::move(knative));
    }
    return shown;
}

json::object status_of(KnativeKind kind, json::object const& body, ServiceName const& name,
                       Moment const& moment) {
    auto conditions = service_conditions(body, moment);
    bool const is_reconciling = conditions[0].state == Condition::State::Reconciling;
    // A configuration and a route are ready for themselves.
    if (kind == KnativeKind::Configuration) conditions = {conditions[1]};
    if (kind == KnativeKind::Route) conditions = {conditions[2]};
    conditions[0].type = "Ready";
    auto const generation = number_field(body, "generation", 1);
    json::object status{{"observedGeneration", is_reconciling ? generation - 1 : generation},
                        {"conditions", conditions_to_knative(conditions)}};
    if (kind != KnativeKind::Route) {
        auto const created = text_field(body, "latestCreatedRevision");
        auto const ready = text_field(body, "latestReadyRevision");
        if (!created.empty()) status["latestCreatedRevisionName"] = created;
        if (!ready.empty()) status["latestReadyRevisionName"] = ready;
    }
    if (kind != KnativeKind::Configuration) {
        status["traffic"] = served_to_knative(body, name);
        status["url"] = "https://" + name.host();
        status["address"] = json::object{{"url", "https://" + name.host()}};
    }
    return status;
}

}  // namespace

json::object wish_of_knative(json::object const& service) {
    json::object wish;
    auto const* const spec = find_object(service, "spec");
    auto const* const wanted = spec == nullptr ? nullptr : find_object(*spec, "template");
    wish["template"] = template_from_knative(wanted == nullptr ? json::object() : *wanted);
    auto const* const traffic = spec == nullptr ? nullptr : find_array(*spec, "traffic");
    if (traffic != nullptr) wish["traffic"] = traffic_from_knative(*traffic);
    auto const* const metadata = find_object(service, "metadata");
    if (metadata == nullptr) return wish;
    if (auto const* const given = find_object(*metadata, "labels")) {
        auto labels = *given;
        labels.erase(kLocationLabel);
        if (!labels.empty()) wish["labels"] = std::move(labels);
    }
    auto const* const given = find_object(*metadata, "annotations");
    if (given == nullptr) return wish;
    auto annotations = *given;
    for (auto const name : kToldAnnotations) annotations.erase(name);
    for (auto const& [annotation, member] : kTextAnnotations) {
        copy_member(annotations, annotation, wish, member);
        annotations.erase(annotation);
    }
    for (auto const& [word, enumerator] : kIngress) {
        if (text_field(annotations, kIngressAnnotation) == word) wish["ingress"] = enumerator;
    }
    annotations.erase(kIngressAnnotation);
    if (auto const least = text_field(annotations, kMinScale); !least.empty()) {
        wish["scaling"] = json::object{{"minInstanceCount", std::atoi(least.c_str())}};
        annotations.erase(kMinScale);
    }
    if (!annotations.empty()) wish["annotations"] = std::move(annotations);
    return wish;
}

json::object knative_view(KnativeKind kind, Document const& document, ServiceName const& name,
                          Moment const& moment) {
    auto const& body = document.body.as_object();
    auto metadata = metadata_of(body, name, document.version);
    json::object spec;
    if (kind != KnativeKind::Route) {
        spec["template"] = template_to_knative(body.at("template").as_object());
    }
    if (kind != KnativeKind::Configuration) {
        spec["traffic"] = traffic_to_knative(body.at("traffic").as_array());
    }
    if (kind == KnativeKind::Service) metadata["annotations"] = annotations_of(body, name);
    return {{"apiVersion", kVersion},
            {"kind", kind == KnativeKind::Service         ? "Service"
                     : kind == KnativeKind::Configuration ? "Configuration"
                                                          : "Route"},
            {"metadata", std::move(metadata)},
            {"spec", std::move(spec)},
            {"status", status_of(kind, body, name, moment)}};
}

json::object knative_revision_view(Document const& document, ServiceName const& name,
                                   Document const& service, Moment const& moment) {
    auto const& body = document.body.as_object();
    auto const revision = std::string(segment(document.name, 7));
    auto shown = template_to_knative(body.at("template").as_object());
    auto& metadata = shown.at("metadata").as_object();
    auto& labels = object_field(metadata, "labels");
    labels["serving.knative.dev/service"] = name.service;
    labels["serving.knative.dev/configuration"] = name.service;
    labels["serving.knative.dev/configurationGeneration"] =
        std::to_string(number_field(body, "generation", 1));
    labels["serving.knative.dev/serviceUid"] = service.body.as_object().at("uid");
    labels[kLocationLabel] = name.place.region;
    metadata["name"] = revision;
    metadata["namespace"] = name.place.number;
    metadata["uid"] = body.at("uid");
    metadata["generation"] = 1;
    metadata["resourceVersion"] = fmt::format("{}", document.version);
    metadata["creationTimestamp"] = body.at("createTime");
    metadata["selfLink"] = fmt::format("/apis/serving.knative.dev/v1/namespaces/{}/revisions/{}",
                                       name.place.number, revision);
    shown["apiVersion"] = kVersion;
    shown["kind"] = "Revision";
    auto const routing = routing_of(service.body.as_object(), revision);
    shown["status"] = json::object{
        {"observedGeneration", 1},
        {"serviceName", name.service},
        {"conditions", conditions_to_knative(revision_conditions(body, routing, moment))}};
    return shown;
}

}  // namespace aipress::sandbox::run
