#include "sandbox/run/knative_template.h"

#include <array>
#include <fmt/format.h>

#include "sandbox/run/knative_annotations.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kGcsDriver = "gcsfuse.run.googleapis.com";
constexpr std::string_view kSecrets = "run.googleapis.com/secrets";

// Members of a container that have one name and one form in both.
constexpr std::array<std::string_view, 8> kSameOfContainer{
    "name", "image", "command", "args", "workingDir", "ports", "livenessProbe", "startupProbe"};

// "alias:projects/1/secrets/s": v1's way to name a secret of another project.
using Aliases = std::map<std::string, std::string, std::less<>>;
Aliases aliases_of(std::string_view text) {
    Aliases aliases;
    for (auto const& one : split_list(text)) {
        auto const colon = one.find(':');
        if (colon != one.npos) aliases[one.substr(0, colon)] = one.substr(colon + 1);
    }
    return aliases;
}

std::string secret_of_alias(Aliases const& aliases, std::string const& name) {
    auto const found = aliases.find(name);
    return found == aliases.end() ? name : found->second;
}

json::object variable_from_knative(json::object const& variable, Aliases const& aliases) {
    json::object shown{{"name", variable.at("name")}};
    copy_member(variable, "value", shown, "value");
    auto const* const source = find_object(variable, "valueFrom");
    auto const* const reference =
        source == nullptr ? nullptr : find_object(*source, "secretKeyRef");
    if (reference != nullptr) {
        auto const secret = secret_of_alias(aliases, text_field(*reference, "name"));
        shown["valueSource"] = json::object{
            {"secretKeyRef",
             json::object{{"secret", secret}, {"version", text_field(*reference, "key")}}}};
    }
    return shown;
}

json::object variable_to_knative(json::object const& variable) {
    json::object shown{{"name", variable.at("name")}};
    copy_member(variable, "value", shown, "value");
    auto const* const source = find_object(variable, "valueSource");
    auto const* const reference =
        source == nullptr ? nullptr : find_object(*source, "secretKeyRef");
    if (reference != nullptr) {
        auto const secret = text_field(*reference, "secret");
        auto const version = text_field(*reference, "version");
        shown["valueFrom"] = json::object{
            {"secretKeyRef",
             json::object{{"name", secret}, {"key", version.empty() ? "latest" : version}}}};
    }
    return shown;
}

json::object container_from_knative(json::object const& container, Aliases const& aliases) {
    json::object shown;
    for (auto const name : kSameOfContainer) copy_member(container, name, shown, name);
    if (auto const* const environment = find_array(container, "env")) {
        json::array variables;
        for (auto const& variable : *environment) {
            variables.push_back(variable_from_knative(variable.as_object(), aliases));
        }
        shown["env"] = std::move(variables);
    }
    if (auto const* const resources = find_object(container, "resources")) {
        json::object limits;
        copy_member(*resources, "limits", limits, "limits");
        shown["resources"] = std::move(limits);
    }
    if (auto const* const mounts = find_array(container, "volumeMounts")) {
        json::array all;
        for (auto const& mount : *mounts) {
            json::object one;
            copy_member(mount.as_object(), "name", one, "name");
            copy_member(mount.as_object(), "mountPath", one, "mountPath");
            all.push_back(std::move(one));
        }
        shown["volumeMounts"] = std::move(all);
    }
    return shown;
}

// Lists that v1 has as one text.
std::string joined(json::array const& texts) {
    std::string all;
    for (auto const& text : texts) {
        all += (all.empty() ? "" : ",") + std::string(text.as_string());
    }
    return all;
}

json::object volume_from_knative(json::object const& volume, Aliases const& aliases) {
    json::object shown{{"name", volume.at("name")}};
    for (auto const* const name : {"emptyDir", "nfs"}) copy_member(volume, name, shown, name);
    if (auto const* const source = find_object(volume, "csi")) {
        auto const* const attributes = find_object(*source, "volumeAttributes");
        json::object gcs;
        if (attributes != nullptr) {
            copy_member(*attributes, "bucketName", gcs, "bucket");
            auto options = split_list(text_field(*attributes, "mountOptions"));
            if (!options.empty()) gcs["mountOptions"] = json::array(options.begin(), options.end());
        }
        copy_member(*source, "readOnly", gcs, "readOnly");
        shown["gcs"] = std::move(gcs);
    }
    if (auto const* const source = find_object(volume, "secret")) {
        json::object secret{
            {"secret", secret_of_alias(aliases, text_field(*source, "secretName"))}};
        copy_member(*source, "defaultMode", secret, "defaultMode");
        if (auto const* const items = find_array(*source, "items")) {
            json::array all;
            for (auto const& item : *items) {
                json::object one;
                copy_member(item.as_object(), "key", one, "version");
                copy_member(item.as_object(), "path", one, "path");
                copy_member(item.as_object(), "mode", one, "mode");
                all.push_back(std::move(one));
            }
            secret["items"] = std::move(all);
        }
        shown["secret"] = std::move(secret);
    }
    return shown;
}

json::object volume_to_knative(json::object const& volume) {
    json::object shown{{"name", volume.at("name")}};
    for (auto const* const name : {"emptyDir", "nfs"}) copy_member(volume, name, shown, name);
    if (auto const* const gcs = find_object(volume, "gcs")) {
        json::object source{{"driver", kGcsDriver}};
        copy_member(*gcs, "readOnly", source, "readOnly");
        json::object attributes{{"bucketName", text_field(*gcs, "bucket")}};
        if (auto const* const options = find_array(*gcs, "mountOptions")) {
            attributes["mountOptions"] = joined(*options);
        }
        source["volumeAttributes"] = std::move(attributes);
        shown["csi"] = std::move(source);
    }
    if (auto const* const secret = find_object(volume, "secret")) {
        json::object source{{"secretName", text_field(*secret, "secret")}};
        copy_member(*secret, "defaultMode", source, "defaultMode");
        if (auto const* const items = find_array(*secret, "items")) {
            json::array all;
            for (auto const& item : *items) {
                json::object one;
                copy_member(item.as_object(), "version", one, "key");
                copy_member(item.as_object(), "path", one, "path");
                copy_member(item.as_object(), "mode", one, "mode");
                all.push_back(std::move(one));
            }
            source["items"] = std::move(all);
        }
        shown["secret"] = std::move(source);
    }
    return shown;
}

json::object container_to_knative(json::object const& container) {
    json::object shown;
    for (auto const name : kSameOfContainer) copy_member(container, name, shown, name);
    if (auto const* const environment = find_array(container, "env")) {
        json::array variables;
        for (auto const& variable : *environment) {
            variables.push_back(variable_to_knative(variable.as_object()));
        }
        shown["env"] = std::move(variables);
    }
    if (auto const* const resources = find_object(container, "resources")) {
        json::object limits;
        copy_member(*resources, "limits", limits, "limits");
        shown["resources"] = std::move(limits);
    }
    json::array mounts;
    if (auto const* const all = find_array(container, "volumeMounts")) {
        for (auto const& mount : *all) {
            if (text_field(mount.as_object(), "name") != kCloudSqlVolume) mounts.push_back(mount);
        }
    }
    if (!mounts.empty()) shown["volumeMounts"] = std::move(mounts);
    return shown;
}

// The volumes as v1 has them, and the Cloud SQL ones as an annotation.
json::array volumes_to_knative(json::object const& wanted, json::object& annotations) {
    json::array shown;
    auto const* const volumes = find_array(wanted, "volumes");
    if (volumes == nullptr) return shown;
    for (auto const& one : *volumes) {
        auto const& volume = one.as_object();
        auto const* const sql = find_object(volume, "cloudSqlInstance");
        if (sql == nullptr) {
            shown.push_back(volume_to_knative(volume));
            continue;
        }
        auto const* const instances = find_array(*sql, "instances");
        annotations[kCloudSql] = instances == nullptr ? "" : joined(*instances);
    }
    return shown;
}

}  // namespace

void copy_member(json::object const& from, std::string_view name, json::object& to,
                 std::string_view as) {
    if (auto const* const value = from.if_contains(name)) to[as] = *value;
}

json::object template_from_knative(json::object const& wanted) {
    json::object shown;
    auto const* const metadata = find_object(wanted, "metadata");
    json::object annotations;
    if (metadata != nullptr) {
        if (auto const* const given = find_object(*metadata, "annotations")) annotations = *given;
        auto const* const labels = find_object(*metadata, "labels");
        if (labels != nullptr && !labels->empty()) shown["labels"] = *labels;
        if (auto const name = text_field(*metadata, "name"); !name.empty())
            shown["revision"] = name;
    }
    auto const aliases = aliases_of(take_annotation(annotations, kSecrets));
    auto const* const given_spec = find_object(wanted, "spec");
    auto const spec = given_spec == nullptr ? json::object() : *given_spec;
    json::array containers;
    if (auto const* const given = find_array(spec, "containers")) {
        for (auto const& container : *given) {
            containers.push_back(container_from_knative(container.as_object(), aliases));
        }
    }
    shown["containers"] = std::move(containers);
    json::array volumes;
    if (auto const* const given = find_array(spec, "volumes")) {
        for (auto const& volume : *given) {
            volumes.push_back(volume_from_knative(volume.as_object(), aliases));
        }
    }
    if (!volumes.empty()) shown["volumes"] = std::move(volumes);
    copy_member(spec, "serviceAccountName", shown, "serviceAccount");
    if (auto const concurrency = number_field(spec, "containerConcurrency", 0); concurrency > 0) {
        shown["maxInstanceRequestConcurrency"] = concurrency;
    }
    if (auto const timeout = number_field(spec, "timeoutSeconds", 0); timeout > 0) {
        shown["timeout"] = fmt::format("{}s", timeout);
    }
    fields_from_annotations(annotations, shown);
    if (!annotations.empty()) shown["annotations"] = std::move(annotations);
    return shown;
}

json::object template_to_knative(json::object const& wanted) {
    auto annotations = annotations_from_fields(wanted);
    json::object spec;
    json::array containers;
    if (auto const* const all = find_array(wanted, "containers")) {
        for (auto const& container : *all) {
            containers.push_back(container_to_knative(container.as_object()));
        }
    }
    spec["containers"] = std::move(containers);
    if (auto volumes = volumes_to_knative(wanted, annotations); !volumes.empty()) {
        spec["volumes"] = std::move(volumes);
    }
    copy_member(wanted, "serviceAccount", spec, "serviceAccountName");
    copy_member(wanted, "maxInstanceRequestConcurrency", spec, "containerConcurrency");
    spec["timeoutSeconds"] = leading_number(text_field(wanted, "timeout"));
    json::object metadata;
    copy_member(wanted, "labels", metadata, "labels");
    copy_member(wanted, "revision", metadata, "name");
    if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
    return {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
}

}  // namespace aipress::sandbox::run
