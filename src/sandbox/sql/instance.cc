#include "sandbox/sql/instance.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <random>
#include <regex>

#include "base/assert.h"
#include "sandbox/operations.h"
#include "sandbox/projects.h"
#include "sandbox/sql/server.h"
#include "sandbox/sql/tiers.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

struct Version {
    char const* name;
    char const* installed;
};
// What is installed is Google's name for it; behind each of them runs this machine's MariaDB.
constexpr std::array<Version, 4> kVersions{{
    {"MYSQL_5_6", "MYSQL_5_6_51"},
    {"MYSQL_5_7", "MYSQL_5_7_44"},
    {"MYSQL_8_0", "MYSQL_8_0_41"},
    {"MYSQL_8_4", "MYSQL_8_4_4"},
}};

constexpr std::string_view kAddresses = "sql_addresses";  // those that instances have
constexpr std::uint64_t kAddressAttempts = 100;

Version const* find_version(std::string_view name) {
    for (auto const& version : kVersions) {
        if (name == version.name) return &version;
    }
    return nullptr;
}

void set_default(json::object& object, std::string_view name, json::value value) {
    if (!object.contains(name)) object[name] = std::move(value);
}

// As a new instance shows them when the client has said nothing.
void add_default_settings(json::object& settings, std::string const& region) {
    set_default(settings, "kind", "sql#settings");
    set_default(settings, "tier", "db-n1-standard-1");
    set_default(settings, "edition", "ENTERPRISE");
    set_default(settings, "availabilityType", "ZONAL");
    set_default(settings, "activationPolicy", "ALWAYS");
    set_default(settings, "connectorEnforcement", "NOT_REQUIRED");
    set_default(settings, "dataDiskSizeGb", "10");
    set_default(settings, "dataDiskType", "PD_SSD");
    set_default(settings, "deletionProtectionEnabled", false);
    set_default(settings, "authorizedGaeApplications", json::array());
    set_default(settings, "pricingPlan", "PER_USE");
    set_default(settings, "replicationType", "SYNCHRONOUS");
    set_default(settings, "storageAutoResize", false);
    set_default(settings, "storageAutoResizeLimit", "0");
    set_default(settings, "locationPreference",
                json::object{{"kind", "sql#locationPreference"}, {"zone", region + "-a"}});
    set_default(settings, "ipConfiguration", json::object());
    auto& addresses = settings.at("ipConfiguration").as_object();
    set_default(addresses, "authorizedNetworks", json::array());
    set_default(addresses, "ipv4Enabled", true);
    set_default(addresses, "requireSsl", false);
    set_default(addresses, "sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED");
    set_default(settings, "backupConfiguration", json::object());
    auto& backup = settings.at("backupConfiguration").as_object();
    set_default(backup, "kind", "sql#backupConfiguration");
    set_default(backup, "enabled", false);
    set_default(backup, "binaryLogEnabled", false);
    set_default(backup, "startTime", "12:00");
    set_default(backup, "transactionLogRetentionDays", 7);
    set_default(backup, "backupRetentionSettings",
                json::object{{"retainedBackups", 7}, {"retentionUnit", "COUNT"}});
}

Outcome<Done> check_binary_log(json::object const& settings) {
    auto const* const backup = settings.if_contains("backupConfiguration");
    if (backup == nullptr || !backup->is_object()) return Done();
    auto const is_set = [&](std::string_view name) {
        auto const* const value = backup->get_object().if_contains(name);
        return value != nullptr && value->is_bool() && value->get_bool();
    };
    if (!is_set("binaryLogEnabled") || is_set("enabled")) return Done();
    return sql_error(ErrorCode::InvalidArgument,
                     "Invalid request: Binary log cannot be enabled when automated backups are "
                     "disabled.",
                     "invalid");
}

// One that nobody listens on, nor will: an instance that is stopped keeps its own.
Outcome<std::string> take_address(Transaction& transaction, std::uint64_t id) {
    for (std::uint64_t attempt = 0; attempt < kAddressAttempts; ++attempt) {
        auto const first = static_cast<std::uint32_t>((id + attempt * 7919) & 0x3fffff);
        auto address = TRY(free_address(first));
        if (TRY(transaction.get(kAddresses, address))) continue;
        TRY(transaction.insert(kAddresses, address, json::object()));
        return address;
    }
    return ApiError{.code = ErrorCode::Unavailable,
                    .message = "no address of the loopback is free for the instance"};
}

std::string address_type(json::object const& configuration) {
    auto const* const public_one = configuration.if_contains("ipv4Enabled");
    bool const is_public =
        public_one == nullptr || !public_one->is_bool() || public_one->get_bool();
    return is_public ? "PRIMARY" : "";
}

}  // namespace

ApiError sql_error(ErrorCode code, std::string message, std::string reason) {
    return {.code = code, .message = std::move(message), .legacy_reason = std::move(reason)};
}

Outcome<SqlInstance> find_sql_instance(Transaction& transaction, std::string const& project,
                                       std::string const& name) {
    auto found = TRY(transaction.get(kSqlInstances, fmt::format("{}/{}", project, name)));
    if (found) return SqlInstance{std::move(*found)};
    return sql_error(ErrorCode::NotFound, "The Cloud SQL instance does not exist.",
                     "instanceDoesNotExist");
}

Outcome<SqlInstance> find_running_instance(Transaction& transaction, std::string const& project,
                                           std::string const& name) {
    auto instance = TRY(find_sql_instance(transaction, project, name));
    if (text_field(instance.resource(), "state") == "RUNNABLE" && is_active(instance.resource())) {
        return instance;
    }
    return sql_error(ErrorCode::InvalidArgument,
                     "Invalid request: Invalid request since instance is not running.", "invalid");
}

bool is_active(json::object const& resource) {
    return text_field(resource.at("settings").as_object(), "activationPolicy") != "NEVER";
}

Outcome<json::object> make_instance(json::object const& wanted, std::string const& project,
                                    WallTime now) {
    // https://cloud.google.com/sql/docs/mysql/instance-settings: with its project 98 characters.
    static std::regex const pattern("[a-z][-a-z0-9]{0,95}");
    auto const name = text_field(wanted, "name");
    if (!std::regex_match(name, pattern) || name.ends_with('-') ||
        name.size() + project.size() + 1 > 98) {
        return sql_error(ErrorCode::InvalidArgument,
                         fmt::format("Invalid value '{}' for name: lowercase letters, digits and "
                                     "hyphens, beginning with a letter, at most 98 characters with "
                                     "the project's id",
                                     name),
                         "invalid");
    }
    auto version = text_field(wanted, "databaseVersion");
    if (version.empty()) version = "MYSQL_8_0";
    if (find_version(version) == nullptr) {
        return sql_error(ErrorCode::InvalidArgument,
                         fmt::format("Invalid value for databaseVersion: {} (this sandbox has "
                                     "MYSQL_5_6, MYSQL_5_7, MYSQL_8_0 and MYSQL_8_4)",
                                     version),
                         "invalid");
    }
    json::object resource = wanted;
    for (auto const* const member : {"rootPassword", "kind", "state", "etag", "selfLink"}) {
        resource.erase(member);
    }
    resource["project"] = project;
    resource["databaseVersion"] = version;
    set_default(resource, "region", "us-central1");
    set_default(resource, "settings", json::object());
    add_default_settings(resource["settings"].as_object(), text_field(resource, "region"));
    resource["settings"].as_object()["settingsVersion"] = "1";
    resource["createTime"] = timestamp(now);
    resource["state"] = "PENDING_CREATE";
    TRY(check_settings(resource));
    return resource;
}

Outcome<Done> remove_instance(Transaction& transaction, std::string const& key) {
    auto const found = TRY(transaction.get(kSqlInstances, key));
    ASSERT(found);
    auto const address = text_field(found->body.as_object(), "address");
    // Instances of older sandboxes have not taken theirs.
    if (TRY(transaction.get(kAddresses, address))) TRY(transaction.remove(kAddresses, address));
    TRY(transaction.remove(kSqlInstances, key));
    return Done();
}

Outcome<Done> insert_instance(Transaction& transaction, std::string const& key,
                              json::object const& resource) {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    auto const id = random();
    auto const address = TRY(take_address(transaction, id));
    auto const server_id = TRY(next_number(transaction, "sql_server_ids"));
    TRY(transaction.insert(kSqlInstances, key,
                           json::object{{"id", fmt::format("{:016x}", id)},
                                        {"address", address},
                                        {"server_id", server_id},
                                        {"resource", resource}}));
    return Done();
}

void merge_settings(json::object const& from, json::object& to) {
    for (auto const& member : from) {
        if (member.value().is_null()) {
            to.erase(member.key());
        } else if (member.value().is_object() && member.key() != "userLabels" &&
                   to.contains(member.key()) && to[member.key()].is_object()) {
            merge_settings(member.value().get_object(), to[member.key()].get_object());
        } else {
            to[member.key()] = member.value();
        }
    }
}

void fill_instance_disk(json::object& resource) {
    resource["state"] = "SUSPENDED";
    resource["suspensionReason"] = json::array{"OPERATIONAL_ISSUE"};
    resource["outOfDiskReport"] = json::object{{"sqlOutOfDiskState", "SOFT_SHUTDOWN"},
                                               {"sqlMinRecommendedIncreaseSizeGb", 1}};
}

void free_instance_disk(json::object& resource, std::int64_t before_gb) {
    if (!is_out_of_disk(resource) || disk_size_gb(resource) <= before_gb) return;
    resource.erase("suspensionReason");
    resource["outOfDiskReport"] = json::object{{"sqlOutOfDiskState", "NORMAL"}};
}

bool is_out_of_disk(json::object const& resource) {
    auto const* const report = resource.if_contains("outOfDiskReport");
    return report != nullptr && report->is_object() &&
           text_field(report->get_object(), "sqlOutOfDiskState") == "SOFT_SHUTDOWN";
}

std::int64_t disk_size_gb(json::object const& resource) {
    auto const text = text_field(resource.at("settings").as_object(), "dataDiskSizeGb");
    std::int64_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    return size;
}

Outcome<Done> check_settings(json::object const& resource) {
    auto const& settings = resource.at("settings").as_object();
    TRY(find_tier(text_field(settings, "tier")));
    TRY(flag_lines(settings));
    return check_binary_log(settings);
}

json::value view_instance(SqlInstance const& instance, SqlInstanceView const& more) {
    json::object view = instance.resource();
    auto const project = text_field(view, "project");
    auto const region = text_field(view, "region");
    auto const name = text_field(view, "name");
    auto const address = text_field(instance.body(), "address");
    view["kind"] = "sql#instance";
    view["backendType"] = "SECOND_GEN";
    view["instanceType"] = "CLOUD_SQL_INSTANCE";
    view["connectionName"] = fmt::format("{}:{}:{}", project, region, name);
    view["gceZone"] = region + "-a";
    view["etag"] = etag_of(instance.document.version);
    view["selfLink"] = fmt::format(
        "https://sqladmin.googleapis.com/sql/v1beta4/projects/{}/instances/{}", project, name);
    view["serviceAccountEmailAddress"] =
        fmt::format("p{}-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com", more.project_number,
                    instance.id().substr(0, 6));
    view["sqlNetworkArchitecture"] = "NEW_NETWORK_ARCHITECTURE";
    if (auto const* const version = find_version(text_field(view, "databaseVersion"))) {
        view["databaseInstalledVersion"] = version->installed;
        view["maintenanceVersion"] = fmt::format("{}.R20250302.00_00", version->installed);
    }
    if (text_field(view, "state") == "PENDING_CREATE") return view;
    auto const& configuration = view.at("settings").at("ipConfiguration").as_object();
    json::array addresses;
    if (!address_type(configuration).empty()) {
        addresses.push_back(json::object{{"type", "PRIMARY"}, {"ipAddress", address}});
    }
    if (!text_field(configuration, "privateNetwork").empty()) {
        addresses.push_back(json::object{{"type", "PRIVATE"}, {"ipAddress", address}});
    }
    view["ipAddresses"] = std::move(addresses);
    view["serverCaCert"] = json::object{{"kind", "sql#sslCert"},
                                        {"instance", name},
                                        {"certSerialNumber", "0"},
                                        {"commonName", "AIPress sandbox CA"},
                                        {"cert", more.certificate}};
    return view;
}

}  // namespace aipress::sandbox
