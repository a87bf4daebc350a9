#include "sandbox/run/validation.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <regex>
#include <set>

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDefaultConcurrency = 80;
constexpr std::int64_t kMostConcurrency = 1000;
constexpr std::array<std::string_view, 4> kReservedNames{"PORT", "K_SERVICE", "K_REVISION",
                                                         "K_CONFIGURATION"};

void set_default(json::object& fields, std::string_view name, json::value value) {
    if (!fields.contains(name)) fields[name] = std::move(value);
}

// Collects what is wrong, each with the path of its field.
class Findings {
public:
    explicit Findings(std::string_view root) : root_(root) {}

    void add(std::string_view field, std::string description) {
        violations_.push_back({fmt::format("{}.{}", root_, field), std::move(description)});
    }
    // In the words of Cloud Run: the field, then what is wrong with it.
    [[nodiscard]] Outcome<Done> outcome() const {
        if (violations_.empty()) return Done();
        std::string message;
        for (auto const& [field, description] : violations_) {
            if (!message.empty()) message += '\n';
            message += fmt::format("{}: {}", field, description);
        }
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = message,
                        .details = {bad_request(violations_)}};
    }

private:
    std::string root_;
    std::vector<Violation> violations_;
};

void check_environment(json::array const& environment, std::string const& field,
                       Findings& findings) {
    std::set<std::string> names;
    for (auto const& variable : environment) {
        auto const name = text_field(variable.as_object(), "name");
        if (name.empty()) {
            findings.add(field + ".env", "name is required.");
        } else if (std::find(kReservedNames.begin(), kReservedNames.end(), name) !=
                   kReservedNames.end()) {
            findings.add(field + ".env",
                         fmt::format("The following reserved env names were provided: {}. These "
                                     "values are automatically set by the system.",
                                     name));
        } else if (!names.insert(name).second) {
            findings.add(field + ".env", fmt::format("Duplicate env name {}.", name));
        }
    }
}

void check_container(json::object const& container, std::string const& field,
                     std::set<std::string> const& volumes, Findings& findings) {
    if (text_field(container, "image").empty()) {
        findings.add(field + ".image", "image is required.");
    }
    auto const* const ports = find_array(container, "ports");
    if (ports != nullptr && ports->size() > 1) {
        findings.add(field + ".ports", "ports should contain 0 or 1 port.");
    }
    if (auto const* const environment = find_array(container, "env")) {
        check_environment(*environment, field, findings);
    }
    auto const* const mounts = find_array(container, "volumeMounts");
    if (mounts == nullptr) return;
    for (auto const& mount : *mounts) {
        auto const name = text_field(mount.as_object(), "name");
        if (!volumes.contains(name)) {
            findings.add(field + ".volume_mounts",
                         fmt::format("the volume '{}' is not one of the template's.", name));
        }
    }
}

// Returns their names. A bucket's name becomes a part of the web server's configuration.
std::set<std::string> check_volumes(json::object const& wanted, Findings& findings) {
    static std::regex const bucket_pattern("[a-z0-9][-a-z0-9._]{1,220}[a-z0-9]");
    std::set<std::string> names;
    auto const* const volumes = find_array(wanted, "volumes");
    if (volumes == nullptr) return names;
    for (auto const& volume : *volumes) {
        names.insert(text_field(volume.as_object(), "name"));
        auto const* const gcs = find_object(volume.as_object(), "gcs");
        if (gcs != nullptr && !std::regex_match(text_field(*gcs, "bucket"), bucket_pattern)) {
            findings.add("template.volumes.gcs.bucket", "is no bucket's name.");
        }
    }
    return names;
}

void check_template(json::object const& wanted, std::string const& name, Findings& findings) {
    static std::regex const revision_pattern("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
    auto const volumes = check_volumes(wanted, findings);
    auto const* const containers = find_array(wanted, "containers");
    if (containers == nullptr || containers->empty()) {
        findings.add("template.containers", "should contain at least one container.");
    } else {
        for (std::size_t i = 0; i < containers->size(); ++i) {
            check_container((*containers)[i].as_object(), fmt::format("template.containers[{}]", i),
                            volumes, findings);
        }
    }
    auto const concurrency = number_field(wanted, "maxInstanceRequestConcurrency", 1);
    if (concurrency < 1 || concurrency > kMostConcurrency) {
        findings.add("template.max_instance_request_concurrency",
                     fmt::format("must be between 1 and {}.", kMostConcurrency));
    }
    if (auto const* const scaling = find_object(wanted, "scaling")) {
        auto const least = number_field(*scaling, "minInstanceCount", 0);
        auto const most = number_field(*scaling, "maxInstanceCount", 0);
        if (most > 0 && least > most) {
            findings.add("template.scaling.min_instance_count",
                         "must not be greater than max_instance_count.");
        }
    }
    auto const revision = text_field(wanted, "revision");
    if (!revision.empty() && !std::regex_match(revision, revision_pattern)) {
        findings.add("template.revision",
                     "must use only lowercase alphanumeric characters and dashes, and cannot be "
                     "longer than 63 characters.");
    } else if (!revision.empty() && !revision.starts_with(name + "-")) {
        findings.add(
            "template.revision",
            fmt::format("the revision's name must be prefixed by the service's: '{}-'.", name));
    }
}

void check_traffic(json::array const& traffic, Findings& findings) {
    static std::regex const tag_pattern("[a-z]([-a-z0-9]{0,44}[a-z0-9])?");
    std::int64_t sum = 0;
    std::set<std::string> tags;
    for (auto const& one : traffic) {
        auto const& target = one.as_object();
        auto const percent = number_field(target, "percent", 0);
        if (percent < 0 || percent > 100) {
            findings.add("traffic", fmt::format("percent must be from 0 to 100, not {}.", percent));
        }
        sum += percent;
        auto const is_latest =
            text_field(target, "type") == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
        if (is_latest != text_field(target, "revision").empty()) {
            findings.add("traffic", is_latest ? "a target of the latest revision names none."
                                              : "a target must name a revision, or be of the "
                                                "latest one.");
        }
        auto const tag = text_field(target, "tag");
        if (tag.empty()) continue;
        if (!std::regex_match(tag, tag_pattern)) {
            findings.add("traffic", fmt::format("the tag '{}' is malformed.", tag));
        } else if (!tags.insert(tag).second) {
            findings.add("traffic", fmt::format("the tag '{}' is used more than once.", tag));
        }
    }
    if (sum != 100) {
        findings.add("traffic",
                     fmt::format("Traffic percentages must sum to 100; they sum to {}.", sum));
    }
}

}  // namespace

void fill_defaults(json::object& service, Place const& place) {
    set_default(service, "ingress", "INGRESS_TRAFFIC_ALL");
    set_default(service, "launchStage", "GA");
    auto& wanted = object_field(service, "template");
    set_default(wanted, "maxInstanceRequestConcurrency", kDefaultConcurrency);
    set_default(wanted, "timeout", "300s");
    set_default(wanted, "executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2");
    if (text_field(wanted, "serviceAccount").empty()) {
        wanted["serviceAccount"] = place.number + "-compute@developer.gserviceaccount.com";
    }
    if (auto* const containers = wanted.if_contains("containers")) {
        for (auto& container : containers->as_array()) {
            auto& limits = object_field(object_field(container.as_object(), "resources"), "limits");
            set_default(limits, "cpu", "1000m");
            set_default(limits, "memory", "512Mi");
        }
    }
    auto const* const traffic = find_array(service, "traffic");
    if (traffic == nullptr || traffic->empty()) {
        service["traffic"] = json::array{
            json::object{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, {"percent", 100}}};
    }
    for (auto& one : service["traffic"].as_array()) {
        auto& target = one.as_object();
        if (text_field(target, "type").empty() && !text_field(target, "revision").empty()) {
            target["type"] = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
        }
    }
}

Outcome<Done> check_service(json::object const& service, std::string const& name,
                            std::string_view root) {
    static std::regex const pattern("[a-z]([-a-z0-9]{0,47}[a-z0-9])?");
    Findings findings(root);
    if (!std::regex_match(name, pattern)) {
        findings.add("name",
                     "must use only lowercase alphanumeric characters and dashes, cannot begin or "
                     "end with a dash, must begin with a letter, and cannot be longer than 49 "
                     "characters.");
    }
    check_template(service.at("template").as_object(), name, findings);
    check_traffic(service.at("traffic").as_array(), findings);
    return findings.outcome();
}

std::string_view image_name(std::string_view image) {
    image = image.substr(0, image.find('@'));
    auto const slash = image.rfind('/');
    if (slash != image.npos) image.remove_prefix(slash + 1);
    return image.substr(0, image.find(':'));
}

}  // namespace aipress::sandbox::run
