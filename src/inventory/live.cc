#include "inventory/live.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/run_secrets.h"

namespace aipress::inventory {
namespace {

namespace json = boost::json;
using gcp::array_of;
using gcp::bool_of;
using gcp::integer_of;
using gcp::object_of;
using gcp::text_of;

constexpr std::string_view kTenantLabel = "tenant";
// What images of WordPress commonly call them.
constexpr std::array<std::string_view, 6> kDatabaseVariables{
    "DB_HOST",    "WORDPRESS_DB_HOST",        "DB_SOCKET",
    "MYSQL_HOST", "INSTANCE_CONNECTION_NAME", "CLOUD_SQL_CONNECTION_NAME"};
constexpr std::array<std::string_view, 5> kBucketVariables{
    "GCS_BUCKET", "MEDIA_BUCKET", "UPLOADS_BUCKET", "WP_STATELESS_MEDIA_BUCKET",
    "S3_UPLOADS_BUCKET"};

std::string last_part(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

// The part behind "/locations/".
std::string location_in(std::string_view name) {
    constexpr std::string_view kMark = "/locations/";
    auto const at = name.find(kMark);
    if (at == std::string_view::npos) return "";
    auto const rest = name.substr(at + kMark.size());
    return std::string(rest.substr(0, rest.find('/')));
}

void add_labels(Resource& resource, json::object const* labels) {
    if (labels == nullptr) return;
    for (auto const& [key, value] : *labels) {
        if (!value.is_string()) continue;
        std::string_view const text = value.get_string();
        add_fact(resource, Attribute::Label, fmt::format("{}={}", std::string_view(key), text));
        if (std::string_view(key) == kTenantLabel) resource.tenant_hint = text;
    }
}

// "10.0.0.5:3306", "localhost:/cloudsql/p:r:i", "p:r:i" -> "10.0.0.5", "p:r:i", "p:r:i"
std::string instance_in(std::string_view value) {
    constexpr std::string_view kSocket = "/cloudsql/";
    if (auto const at = value.find(kSocket); at != std::string_view::npos) {
        return std::string(value.substr(at + kSocket.size()));
    }
    bool const is_connection_name = std::count(value.begin(), value.end(), ':') >= 2;
    return std::string(is_connection_name ? value : value.substr(0, value.find(':')));
}

template <typename Names>
bool is_one_of(Names const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool says_multisite(std::string_view name, std::string_view value) {
    if (name == "WORDPRESS_CONFIG_EXTRA") return value.find("MULTISITE") != value.npos;
    return name.ends_with("MULTISITE") && (value == "1" || value == "true");
}

void read_variable(ServiceRead& read, json::object const& variable) {
    auto const name = text_of(variable, "name");
    auto const value = text_of(variable, "value");
    if (auto const secret = gcp::secret_of_variable(variable).secret; !secret.empty()) {
        read.uses.push_back({Evidence::ReadSecret, last_part(secret)});
    }
    if (value.empty()) return;
    if (is_one_of(kDatabaseVariables, name)) {
        read.uses.push_back({Evidence::DatabaseAddress, instance_in(value)});
    }
    if (is_one_of(kBucketVariables, name)) read.uses.push_back({Evidence::NamedBucket, value});
    read.is_multisite = read.is_multisite || says_multisite(name, value);
}

void read_volume(ServiceRead& read, json::object const& volume) {
    if (auto const* const bucket = object_of(volume, "gcs")) {
        read.uses.push_back({Evidence::MountedBucket, text_of(*bucket, "bucket")});
    }
    // However many versions of it there are.
    if (auto const secrets = gcp::secrets_of_volume(volume); !secrets.empty()) {
        read.uses.push_back({Evidence::ReadSecret, last_part(secrets.front().secret)});
    }
    if (auto const* const sql = object_of(volume, "cloudSqlInstance")) {
        for (auto const& name : array_of(*sql, "instances")) {
            if (name.is_string()) {
                read.uses.push_back({Evidence::SqlVolume, std::string(name.get_string())});
            }
        }
    }
}

}  // namespace

std::string_view to_string(Evidence evidence) {
    switch (evidence) {
        case Evidence::IsService:
            return "it is the tenant's service";
        case Evidence::SqlVolume:
            return "the service mounts its socket";
        case Evidence::DatabaseAddress:
            return "the service's environment has its address";
        case Evidence::MountedBucket:
            return "the service mounts it";
        case Evidence::NamedBucket:
            return "the service's environment names it";
        case Evidence::ReadSecret:
            return "the service reads it";
        case Evidence::MappedHost:
            return "a domain mapping sends its host to the service";
        case Evidence::ServiceAddress:
            return "it points at the service's address";
        case Evidence::Label:
            return "by its label only";
        case Evidence::Name:
            return "by its name only";
    }
    return "";
}

Resource read_instance(json::object const& instance) {
    Resource resource{.kind = Kind::Instance, .key = text_of(instance, "name")};
    add_fact(resource, Attribute::Region, text_of(instance, "region"));
    add_fact(resource, Attribute::DatabaseVersion, text_of(instance, "databaseVersion"));
    add_fact(resource, Attribute::State, text_of(instance, "state"));
    for (auto const& address : array_of(instance, "ipAddresses")) {
        if (!address.is_object()) continue;
        add_fact(resource, Attribute::Address, text_of(address.get_object(), "ipAddress"));
    }
    add_fact(resource, Attribute::ConnectionName, text_of(instance, "connectionName"));
    if (auto const* const settings = object_of(instance, "settings")) {
        add_fact(resource, Attribute::Tier, text_of(*settings, "tier"));
        add_fact(resource, Attribute::ActivationPolicy, text_of(*settings, "activationPolicy"));
        add_fact(resource, Attribute::Availability, text_of(*settings, "availabilityType"));
        add_labels(resource, object_of(*settings, "userLabels"));
    }
    return resource;
}

Resource read_bucket(json::object const& bucket) {
    Resource resource{.kind = Kind::Bucket, .key = text_of(bucket, "name")};
    add_fact(resource, Attribute::Region, text_of(bucket, "location"));
    add_fact(resource, Attribute::StorageClass, text_of(bucket, "storageClass"));
    bool is_uniform = false;
    if (auto const* const access = object_of(bucket, "iamConfiguration")) {
        auto const* const uniform = object_of(*access, "uniformBucketLevelAccess");
        is_uniform = uniform != nullptr && bool_of(*uniform, "enabled");
    }
    add_fact(resource, Attribute::UniformAccess, is_uniform ? "true" : "false");
    add_labels(resource, object_of(bucket, "labels"));
    return resource;
}

Resource read_secret(json::object const& secret) {
    Resource resource{.kind = Kind::Secret, .key = last_part(text_of(secret, "name"))};
    add_labels(resource, object_of(secret, "labels"));
    return resource;
}

Resource read_mapping(gcp::DomainMapping const& mapping, std::string const& location) {
    Resource resource{.kind = Kind::DomainMapping,
                      .key = fmt::format("{}/{}", location, mapping.host)};
    add_fact(resource, Attribute::Service, mapping.service);
    return resource;
}

Resource read_record_set(gcp::RecordSet const& set, std::string const& zone,
                         std::string const& domain) {
    Resource resource{.kind = Kind::RecordSet,
                      .key = fmt::format("{}/{}/{}", zone, set.name, set.type)};
    if (set.name.ends_with("." + domain)) {
        auto const below =
            std::string_view(set.name).substr(0, set.name.size() - domain.size() - 1);
        auto const dot = below.rfind('.');
        resource.tenant_hint = dot == below.npos ? below : below.substr(dot + 1);
    }
    add_fact(resource, Attribute::Ttl, fmt::format("{}", set.ttl));
    auto data = set.data;
    std::sort(data.begin(), data.end());
    add_fact(resource, Attribute::Data, fmt::format("{}", fmt::join(data, " ")));
    return resource;
}

ServiceRead read_service(json::object const& service) {
    ServiceRead read;
    auto& resource = read.resource;
    auto const name = text_of(service, "name");
    resource.key = fmt::format("{}/{}", location_in(name), last_part(name));
    add_fact(resource, Attribute::Region, location_in(name));
    add_fact(resource, Attribute::Ingress, text_of(service, "ingress"));
    add_fact(resource, Attribute::Uri, text_of(service, "uri"));
    add_labels(resource, object_of(service, "labels"));
    auto const* const revision = object_of(service, "template");
    if (revision == nullptr) return read;
    if (auto const* const scaling = object_of(*revision, "scaling")) {
        if (auto const most = integer_of(*scaling, "maxInstanceCount")) {
            add_fact(resource, Attribute::MaxInstances, fmt::format("{}", *most));
        }
    }
    for (auto const& volume : array_of(*revision, "volumes")) {
        if (volume.is_object()) read_volume(read, volume.get_object());
    }
    for (auto const& container : array_of(*revision, "containers")) {
        if (!container.is_object()) continue;
        auto const& fields = container.get_object();
        if (resource.fact(Attribute::Image).empty()) {
            add_fact(resource, Attribute::Image, text_of(fields, "image"));
        }
        for (auto const& variable : array_of(fields, "env")) {
            if (variable.is_object()) read_variable(read, variable.get_object());
        }
    }
    return read;
}

}  // namespace aipress::inventory
