#include "poc/state_file.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <random>
#include <utility>
#include <vector>

#include "poc/google.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr std::string_view kProvider = "provider[\"registry.terraform.io/hashicorp/google\"]";

// As Go's encoding/json does with MarshalIndent("", "  ").
void write_indented(std::string& out, json::value const& value, std::string const& margin) {
    auto const inner = margin + "  ";
    if (value.is_object() && !value.get_object().empty()) {
        char const* before = "{\n";
        for (auto const& member : value.get_object()) {
            out += before + inner + json::serialize(json::value(member.key())) + ": ";
            write_indented(out, member.value(), inner);
            before = ",\n";
        }
        out += "\n" + margin + "}";
    } else if (value.is_array() && !value.get_array().empty()) {
        char const* before = "[\n";
        for (auto const& one : value.get_array()) {
            out += before + inner;
            write_indented(out, one, inner);
            before = ",\n";
        }
        out += "\n" + margin + "]";
    } else {
        out += json::serialize(value);
    }
}

// A resource's attributes stand in the order of their names.
json::object sorted(json::object const& attributes) {
    std::vector<std::string> names;
    for (auto const& member : attributes) names.emplace_back(member.key());
    std::sort(names.begin(), names.end());
    json::object result;
    for (auto const& name : names) result[name] = attributes.at(name);
    return result;
}

std::string lineage_of(Tenant const& tenant) {
    std::mt19937_64 random(tenant.seed ^ 0x7f);
    auto const high = random();
    auto const low = random();
    return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                       high & 0xfff, low >> 48 & 0xfff, low & 0xffffffffffff);
}

json::array one_block(json::object fields) {
    return json::array{std::move(fields)};
}

class StateFile {
public:
    StateFile(Tenant const& tenant, LiveResources const& live) : tenant_(tenant), live_(live) {}

    std::string make() {
        add_database();
        add_media();
        add_secrets();
        add_service();
        add_names();
        // Terraform keeps them in the order of their types.
        std::stable_sort(resources_.begin(), resources_.end(),
                         [](json::value const& a, json::value const& b) {
                             return text_at(a, "/type") < text_at(b, "/type");
                         });
        json::object const outputs{
            {"site_url", json::object{{"value", fmt::format("https://{}", tenant_.host())},
                                      {"type", "string"}}}};
        json::object const file{{"version", 4},
                                {"terraform_version", "1.11.4"},
                                {"serial", resources_.size() + 1},
                                {"lineage", lineage_of(tenant_)},
                                {"outputs", outputs},
                                {"resources", std::move(resources_)},
                                {"check_results", nullptr}};
        std::string text;
        write_indented(text, file, "");
        return text + "\n";
    }

private:
    struct Resource {
        std::string_view type;
        std::string_view name;
        json::object attributes;
        std::vector<std::string> dependencies = {};
        std::string_view sensitive = {};  // an attribute
        int schema_version = 0;
    };
    void add(Resource resource) {
        json::array sensitive;
        if (!resource.sensitive.empty()) {
            sensitive.push_back(
                json::array{json::object{{"type", "get_attr"}, {"value", resource.sensitive}}});
        }
        json::object instance{{"schema_version", resource.schema_version},
                              {"attributes", sorted(resource.attributes)},
                              {"sensitive_attributes", std::move(sensitive)},
                              {"identity_schema_version", 0}};
        if (!resource.dependencies.empty()) {
            json::array names;
            for (auto const& name : resource.dependencies) names.emplace_back(name);
            instance["dependencies"] = std::move(names);
        }
        resources_.push_back(json::object{{"mode", "managed"},
                                          {"type", resource.type},
                                          {"name", resource.name},
                                          {"provider", kProvider},
                                          {"instances", one_block(std::move(instance))}});
    }
    [[nodiscard]] json::object labels() const {
        return {{"tenant", tenant_.name}, {"traffic-class", to_string(tenant_.traffic)}};
    }
    void add_database();
    void add_media();
    void add_secrets();
    void add_secret(std::string_view name, std::string const& secret, std::string const& value);
    void add_service();
    void add_names();

    Tenant const& tenant_;
    LiveResources const& live_;
    json::array resources_;
};

void StateFile::add_database() {
    auto const& live = live_.instance;
    add({.type = "google_sql_database_instance",
         .name = "tenant",
         .attributes = {
             {"connection_name", text_at(live, "/connectionName")},
             {"database_version", text_at(live, "/databaseVersion")},
             {"deletion_protection", true},
             {"id", tenant_.instance()},
             {"name", tenant_.instance()},
             {"private_ip_address", ""},
             {"project", kProject},
             {"public_ip_address", text_at(live, "/ipAddresses/0/ipAddress")},
             {"region", kRegion},
             {"self_link", text_at(live, "/selfLink")},
             {"settings",
              one_block({{"activation_policy", text_at(live, "/settings/activationPolicy")},
                         {"availability_type", text_at(live, "/settings/availabilityType")},
                         {"tier", text_at(live, "/settings/tier")},
                         {"user_labels", labels()}})}}});
    if (!live_.has_site) return;
    add({.type = "google_sql_database",
         .name = "wordpress",
         .attributes = {{"charset", "utf8mb4"},
                        {"collation", "utf8mb4_unicode_520_ci"},
                        {"deletion_policy", "DELETE"},
                        {"id", fmt::format("projects/{}/instances/{}/databases/{}", kProject,
                                           tenant_.instance(), kDatabase)},
                        {"instance", tenant_.instance()},
                        {"name", kDatabase},
                        {"project", kProject}},
         .dependencies = {"google_sql_database_instance.tenant"}});
    add({.type = "google_sql_user",
         .name = "wordpress",
         .attributes = {{"host", "%"},
                        {"id", fmt::format("{}/%/{}", kDatabase, tenant_.instance())},
                        {"instance", tenant_.instance()},
                        {"name", kDatabase},
                        {"password", tenant_.database_password()},
                        {"project", kProject}},
         .dependencies = {"google_sql_database_instance.tenant"},
         .sensitive = "password",
         .schema_version = 1});
}

void StateFile::add_media() {
    add({.type = "google_storage_bucket",
         .name = "media",
         .attributes = {{"force_destroy", false},
                        {"id", tenant_.bucket()},
                        {"labels", labels()},
                        {"location", "US-CENTRAL1"},
                        {"name", tenant_.bucket()},
                        {"project", kProject},
                        {"self_link", fmt::format("https://www.googleapis.com/storage/v1/b/{}",
                                                  tenant_.bucket())},
                        {"storage_class", "STANDARD"},
                        {"uniform_bucket_level_access", true},
                        {"url", fmt::format("gs://{}", tenant_.bucket())}},
         .schema_version = 3});
}

void StateFile::add_secrets() {
    add_secret("db_password", tenant_.database_secret(), tenant_.database_password());
    if (!live_.has_site) return;
    auto const [key, salt] = tenant_.session_secrets();
    add_secret("logged_in_key", key.secret, key.value);
    add_secret("logged_in_salt", salt.secret, salt.value);
}

void StateFile::add_secret(std::string_view name, std::string const& secret,
                           std::string const& value) {
    auto const id = fmt::format("projects/{}/secrets/{}", kProject, secret);
    add({.type = "google_secret_manager_secret",
         .name = name,
         .attributes = {
             {"id", id},
             {"labels", labels()},
             {"name", id},
             {"project", kProject},
             {"replication", one_block({{"auto", one_block({})}, {"user_managed", json::array()}})},
             {"secret_id", secret}}});
    add({.type = "google_secret_manager_secret_version",
         .name = name,
         .attributes = {{"enabled", true},
                        {"id", id + "/versions/1"},
                        {"name", id + "/versions/1"},
                        {"secret", id},
                        {"secret_data", value},
                        {"version", "1"}},
         .dependencies = {fmt::format("google_secret_manager_secret.{}", name)},
         .sensitive = "secret_data"});
}

void StateFile::add_service() {
    auto const& live = live_.service;
    std::vector<std::string> needed{"google_secret_manager_secret.db_password"};
    if (live_.has_site) {
        needed.emplace_back("google_secret_manager_secret.logged_in_key");
        needed.emplace_back("google_secret_manager_secret.logged_in_salt");
    }
    needed.emplace_back("google_sql_database_instance.tenant");
    needed.emplace_back("google_storage_bucket.media");
    add({.type = "google_cloud_run_v2_service",
         .name = "site",
         .attributes = {{"id", text_at(live, "/name")},
                        {"ingress", text_at(live, "/ingress")},
                        {"labels", labels()},
                        {"location", kRegion},
                        {"name", tenant_.name},
                        {"project", kProject},
                        {"template",
                         one_block({{"containers", one_block({{"image", kImage}, {"name", ""}})}})},
                        {"uid", text_at(live, "/uid")},
                        {"uri", text_at(live, "/uri")}},
         .dependencies = std::move(needed),
         .schema_version = 2});
}

void StateFile::add_names() {
    auto const zone = zone_of(tenant_.number);
    add({.type = "google_dns_record_set",
         .name = "site",
         .attributes = {{"id", fmt::format("projects/{}/managedZones/{}/rrsets/{}./CNAME", kProject,
                                           zone.name, tenant_.host())},
                        {"managed_zone", zone.name},
                        {"name", tenant_.host() + "."},
                        {"project", kProject},
                        {"routing_policy", json::array()},
                        {"rrdatas", json::array{kRunTarget}},
                        {"ttl", 60},
                        {"type", "CNAME"}}});
    if (!live_.has_site) return;
    add({.type = "google_cloud_run_domain_mapping",
         .name = "site",
         .attributes = {{"id", fmt::format("locations/{}/namespaces/{}/domainmappings/{}", kRegion,
                                           kProject, tenant_.host())},
                        {"location", kRegion},
                        {"name", tenant_.host()},
                        {"project", kProject},
                        {"spec", one_block({{"certificate_mode", "AUTOMATIC"},
                                            {"force_override", false},
                                            {"route_name", tenant_.name}})}},
         .dependencies = {"google_cloud_run_v2_service.site"}});
}

}  // namespace

std::string state_object(Tenant const& tenant) {
    return fmt::format("tenants/{}/default.tfstate", tenant.name);
}

std::string make_state_file(Tenant const& tenant, LiveResources const& live) {
    return StateFile(tenant, live).make();
}

}  // namespace aipress::poc
