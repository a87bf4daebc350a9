#include "inventory/declared.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "json/fields.h"

namespace aipress::inventory {
namespace {

namespace json = boost::json;
using aipress::json::get_string;

// "" for null and for what is missing: Terraform does not know it, or leaves it to Google.
Result<std::string> scalar(json::object const& attributes, std::string_view name) {
    auto const* const value = attributes.if_contains(name);
    if (value == nullptr || value->is_null()) return std::string();
    if (value->is_string()) return std::string(value->get_string());
    if (value->is_bool()) return std::string(value->get_bool() ? "true" : "false");
    if (value->is_int64()) return fmt::format("{}", value->get_int64());
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("$.{}: expected a string, a number or a boolean", name));
}

// Terraform keeps a nested block as a list of one. nullptr: there is none.
Result<json::object const*> block(json::object const& attributes, std::string_view name) {
    static json::object const* const kNone = nullptr;
    auto const* const value = attributes.if_contains(name);
    if (value == nullptr || value->is_null()) return kNone;
    if (!value->is_array()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected an array", name));
    }
    if (value->get_array().empty()) return kNone;
    if (!value->get_array().front().is_object()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}[0]: expected an object", name));
    }
    return &value->get_array().front().get_object();
}

using Names = std::span<std::pair<std::string_view, Attribute> const>;

Result<void> add_scalars(Resource& resource, json::object const& attributes, Names names) {
    for (auto const& [name, attribute] : names) {
        add_fact(resource, attribute, TRY(scalar(attributes, name)));
    }
    return {};
}

Result<void> add_labels(Resource& resource, json::object const& attributes, std::string_view name) {
    auto const* const labels = attributes.if_contains(name);
    if (labels == nullptr || labels->is_null()) return {};
    if (!labels->is_object()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected an object", name));
    }
    for (auto const& [key, value] : labels->get_object()) {
        if (!value.is_string()) continue;
        add_fact(resource, Attribute::Label,
                 fmt::format("{}={}", std::string_view(key), std::string_view(value.get_string())));
    }
    return {};
}

Result<Resource> instance_of(json::object const& attributes) {
    static constexpr std::array<std::pair<std::string_view, Attribute>, 4> kOwn{
        {{"region", Attribute::Region},
         {"connection_name", Attribute::ConnectionName},
         {"database_version", Attribute::DatabaseVersion},
         {"public_ip_address", Attribute::Address}}};
    static constexpr std::array<std::pair<std::string_view, Attribute>, 3> kSettings{
        {{"tier", Attribute::Tier},
         {"activation_policy", Attribute::ActivationPolicy},
         {"availability_type", Attribute::Availability}}};
    Resource resource{.kind = Kind::Instance};
    resource.key = TRY(get_string(attributes, "name"));
    TRY(add_scalars(resource, attributes, kOwn));
    if (auto const* const settings = TRY(block(attributes, "settings"))) {
        TRY(add_scalars(resource, *settings, kSettings));
        TRY(add_labels(resource, *settings, "user_labels"));
    }
    return resource;
}

Result<Resource> bucket_of(json::object const& attributes) {
    static constexpr std::array<std::pair<std::string_view, Attribute>, 3> kOwn{
        {{"location", Attribute::Region},
         {"storage_class", Attribute::StorageClass},
         {"uniform_bucket_level_access", Attribute::UniformAccess}}};
    Resource resource{.kind = Kind::Bucket};
    resource.key = TRY(get_string(attributes, "name"));
    TRY(add_scalars(resource, attributes, kOwn));
    TRY(add_labels(resource, attributes, "labels"));
    return resource;
}

Result<Resource> secret_of(json::object const& attributes) {
    Resource resource{.kind = Kind::Secret};
    resource.key = TRY(get_string(attributes, "secret_id"));
    TRY(add_labels(resource, attributes, "labels"));
    return resource;
}

Result<Resource> service_of(json::object const& attributes) {
    static constexpr std::array<std::pair<std::string_view, Attribute>, 3> kOwn{
        {{"location", Attribute::Region},
         {"ingress", Attribute::Ingress},
         {"uri", Attribute::Uri}}};
    Resource resource{.kind = Kind::Service};
    auto const location = TRY(get_string(attributes, "location"));
    resource.key = fmt::format("{}/{}", location, TRY(get_string(attributes, "name")));
    TRY(add_scalars(resource, attributes, kOwn));
    TRY(add_labels(resource, attributes, "labels"));
    auto const* const revision = TRY(block(attributes, "template"));
    if (revision == nullptr) return resource;
    if (auto const* const container = TRY(block(*revision, "containers"))) {
        add_fact(resource, Attribute::Image, TRY(scalar(*container, "image")));
    }
    if (auto const* const scaling = TRY(block(*revision, "scaling"))) {
        add_fact(resource, Attribute::MaxInstances, TRY(scalar(*scaling, "max_instance_count")));
    }
    return resource;
}

Result<Resource> record_set_of(json::object const& attributes) {
    Resource resource{.kind = Kind::RecordSet};
    auto const zone = TRY(get_string(attributes, "managed_zone"));
    auto const name = TRY(get_string(attributes, "name"));
    resource.key = fmt::format("{}/{}/{}", zone, name, TRY(get_string(attributes, "type")));
    add_fact(resource, Attribute::Ttl, TRY(scalar(attributes, "ttl")));
    auto const* const data = attributes.if_contains("rrdatas");
    if (data == nullptr || data->is_null()) return resource;
    if (!data->is_array()) {
        return Error(ErrorCode::InvalidArgument, "$.rrdatas: expected an array");
    }
    std::vector<std::string> values;
    for (auto const& value : data->get_array()) {
        if (!value.is_string()) {
            return Error(ErrorCode::InvalidArgument, "$.rrdatas: expected strings");
        }
        values.emplace_back(value.get_string());
    }
    std::sort(values.begin(), values.end());
    add_fact(resource, Attribute::Data, fmt::format("{}", fmt::join(values, " ")));
    return resource;
}

Result<Resource> mapping_of(json::object const& attributes) {
    Resource resource{.kind = Kind::DomainMapping};
    auto const location = TRY(get_string(attributes, "location"));
    resource.key = fmt::format("{}/{}", location, TRY(get_string(attributes, "name")));
    if (auto const* const spec = TRY(block(attributes, "spec"))) {
        add_fact(resource, Attribute::Service, TRY(scalar(*spec, "route_name")));
    }
    return resource;
}

struct Reader {
    std::string_view type;
    Result<Resource> (*read)(json::object const&);
};
constexpr std::array<Reader, 6> kReaders{{{"google_sql_database_instance", instance_of},
                                          {"google_storage_bucket", bucket_of},
                                          {"google_secret_manager_secret", secret_of},
                                          {"google_cloud_run_v2_service", service_of},
                                          {"google_dns_record_set", record_set_of},
                                          {"google_cloud_run_domain_mapping", mapping_of}}};

}  // namespace

Result<std::optional<Resource>> read_declared(std::string_view type, json::object const& attributes,
                                              std::string_view project) {
    auto const reader = std::find_if(kReaders.begin(), kReaders.end(),
                                     [&](Reader const& one) { return one.type == type; });
    if (reader == kReaders.end()) return std::optional<Resource>();
    auto const of = TRY(scalar(attributes, "project"));
    if (!of.empty() && of != project) return std::optional<Resource>();
    return std::optional(TRY(reader->read(attributes)));
}

}  // namespace aipress::inventory
