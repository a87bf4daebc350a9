#include "sandbox/run/knative_annotations.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "sandbox/run/knative_template.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kMaxScale = "autoscaling.knative.dev/maxScale";
constexpr std::string_view kMinScale = "autoscaling.knative.dev/minScale";
constexpr std::string_view kEnvironment = "run.googleapis.com/execution-environment";
constexpr std::string_view kAffinity = "run.googleapis.com/sessionAffinity";
constexpr std::string_view kThrottling = "run.googleapis.com/cpu-throttling";
constexpr std::string_view kBoost = "run.googleapis.com/startup-cpu-boost";
constexpr std::string_view kConnector = "run.googleapis.com/vpc-access-connector";
constexpr std::string_view kEgress = "run.googleapis.com/vpc-access-egress";
constexpr std::string_view kInterfaces = "run.googleapis.com/network-interfaces";

// gcloud writes "True", too.
bool is_true(std::string_view text) {
    return text == "true" || text == "True";
}

void vpc_from_annotations(json::object& annotations, json::object& wanted) {
    json::object access;
    if (auto const connector = take_annotation(annotations, kConnector); !connector.empty()) {
        access["connector"] = connector;
    }
    if (auto const egress = take_annotation(annotations, kEgress); !egress.empty()) {
        access["egress"] = egress == "all-traffic" ? "ALL_TRAFFIC" : "PRIVATE_RANGES_ONLY";
    }
    if (auto const interfaces = take_annotation(annotations, kInterfaces); !interfaces.empty()) {
        boost::system::error_code failure;
        auto list = json::parse(interfaces, failure);
        if (!failure && list.is_array()) access["networkInterfaces"] = std::move(list);
    }
    if (!access.empty()) wanted["vpcAccess"] = std::move(access);
}

void scaling_from_annotations(json::object& annotations, json::object& wanted) {
    json::object scaling;
    if (auto const least = take_annotation(annotations, kMinScale); !least.empty()) {
        scaling["minInstanceCount"] = leading_number(least);
    }
    if (auto const most = take_annotation(annotations, kMaxScale); !most.empty()) {
        scaling["maxInstanceCount"] = leading_number(most);
    }
    if (!scaling.empty()) wanted["scaling"] = std::move(scaling);
}

// v1 names the instances beside the volumes, and mounts them itself.
void cloud_sql_from_annotations(json::object& annotations, json::object& wanted) {
    auto const instances = take_annotation(annotations, kCloudSql);
    if (instances.empty()) return;
    json::array names;
    for (auto const& name : split_list(instances)) names.emplace_back(name);
    auto& volumes = wanted["volumes"];
    if (!volumes.is_array()) volumes = json::array();
    volumes.as_array().push_back(
        json::object{{"name", kCloudSqlVolume},
                     {"cloudSqlInstance", json::object{{"instances", std::move(names)}}}});
    auto* const containers = wanted.if_contains("containers");
    if (containers == nullptr || containers->as_array().empty()) return;
    auto& mounts = containers->as_array()[0].as_object()["volumeMounts"];
    if (!mounts.is_array()) mounts = json::array();
    mounts.as_array().push_back(
        json::object{{"name", kCloudSqlVolume}, {"mountPath", "/cloudsql"}});
}

void processor_from_annotations(json::object& annotations, json::object& wanted) {
    auto const throttling = take_annotation(annotations, kThrottling);
    auto const boost = take_annotation(annotations, kBoost);
    auto* const containers = wanted.if_contains("containers");
    if (containers == nullptr || containers->as_array().empty()) return;
    auto& container = containers->as_array()[0].as_object();
    if (!throttling.empty()) object_field(container, "resources")["cpuIdle"] = is_true(throttling);
    if (!boost.empty()) object_field(container, "resources")["startupCpuBoost"] = is_true(boost);
}

void annotations_of_vpc(json::object const& wanted, json::object& annotations) {
    auto const* const access = find_object(wanted, "vpcAccess");
    if (access == nullptr) return;
    copy_member(*access, "connector", annotations, kConnector);
    if (auto const egress = text_field(*access, "egress"); !egress.empty()) {
        annotations[kEgress] = egress == "ALL_TRAFFIC" ? "all-traffic" : "private-ranges-only";
    }
    if (auto const* const interfaces = find_array(*access, "networkInterfaces")) {
        annotations[kInterfaces] = json::serialize(*interfaces);
    }
}

void annotations_of_resources(json::object const& container, json::object& annotations) {
    auto const* const resources = find_object(container, "resources");
    if (resources == nullptr) return;
    auto const flag = [&](std::string_view member, std::string_view annotation) {
        auto const* const value = resources->if_contains(member);
        if (value != nullptr) annotations[annotation] = value->as_bool() ? "true" : "false";
    };
    flag("cpuIdle", kThrottling);
    flag("startupCpuBoost", kBoost);
}

}  // namespace

json::object annotations_from_fields(json::object const& wanted) {
    json::object annotations;
    if (auto const* const own = find_object(wanted, "annotations")) annotations = *own;
    if (auto const* const scaling = find_object(wanted, "scaling")) {
        for (auto const& [member, annotation] :
             {std::pair("minInstanceCount", kMinScale), std::pair("maxInstanceCount", kMaxScale)}) {
            if (!scaling->contains(member)) continue;
            annotations[annotation] = std::to_string(number_field(*scaling, member, 0));
        }
    }
    auto const environment = text_field(wanted, "executionEnvironment");
    if (environment.ends_with("GEN1")) annotations[kEnvironment] = "gen1";
    if (environment.ends_with("GEN2")) annotations[kEnvironment] = "gen2";
    if (auto const* const affinity = wanted.if_contains("sessionAffinity")) {
        annotations[kAffinity] = affinity->as_bool() ? "true" : "false";
    }
    annotations_of_vpc(wanted, annotations);
    auto const* const all = find_array(wanted, "containers");
    if (all != nullptr && !all->empty()) {
        annotations_of_resources(all->at(0).as_object(), annotations);
    }
    return annotations;
}

void fields_from_annotations(json::object& annotations, json::object& wanted) {
    if (auto const environment = take_annotation(annotations, kEnvironment); !environment.empty()) {
        wanted["executionEnvironment"] =
            environment == "gen1" ? "EXECUTION_ENVIRONMENT_GEN1" : "EXECUTION_ENVIRONMENT_GEN2";
    }
    if (auto const affinity = take_annotation(annotations, kAffinity); !affinity.empty()) {
        wanted["sessionAffinity"] = is_true(affinity);
    }
    scaling_from_annotations(annotations, wanted);
    vpc_from_annotations(annotations, wanted);
    cloud_sql_from_annotations(annotations, wanted);
    processor_from_annotations(annotations, wanted);
}

std::string take_annotation(json::object& annotations, std::string_view name) {
    auto value = text_field(annotations, name);
    annotations.erase(name);
    return value;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto const comma = std::min(text.find(','), text.size());
        if (comma > 0) parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

std::int64_t leading_number(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace aipress::sandbox::run
