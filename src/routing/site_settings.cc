#include "routing/site_settings.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "gcp/fields.h"
#include "gcp/run_secrets.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using gcp::array_of;
using gcp::object_of;
using gcp::text_of;

// Before "DB_HOST" and its like.
constexpr std::array<std::string_view, 2> kSpellings{"", "WORDPRESS_"};
constexpr std::array<std::string_view, 4> kVariables{"DB_HOST", "DB_NAME", "DB_USER",
                                                     "DB_PASSWORD"};
constexpr std::string_view kUploads = "/wp-content/uploads";
constexpr std::string_view kOnlyDir = "only-dir=";
constexpr std::string_view kSockets = "/cloudsql/";

// The entry of a list whose `name` is that; nullptr when there is none.
json::object const* named(json::array const& list, std::string_view name) {
    for (auto const& item : list) {
        if (item.is_object() && text_of(item.get_object(), "name") == name) {
            return &item.get_object();
        }
    }
    return nullptr;
}
json::object* named(json::array& list, std::string_view name) {
    return const_cast<json::object*>(named(std::as_const(list), name));
}

json::object const* variable(json::object const& container, std::string const& name) {
    return named(array_of(container, "env"), name);
}

// The name of the Cloud Storage volume that has the uploads; "": the container mounts none.
std::string uploads_volume(json::object const& revision, json::object const& container) {
    std::string found;
    for (auto const& item : array_of(container, "volumeMounts")) {
        if (!item.is_object()) continue;
        auto const name = text_of(item.get_object(), "name");
        auto const* const volume = named(array_of(revision, "volumes"), name);
        if (volume == nullptr || object_of(*volume, "gcs") == nullptr) continue;
        auto path = text_of(item.get_object(), "mountPath");
        while (path.ends_with('/')) path.pop_back();
        if (path.ends_with(kUploads)) return name;
        if (found.empty()) found = name;
    }
    return found;
}

bool has_database(json::object const& container) {
    return std::any_of(kSpellings.begin(), kSpellings.end(), [&](std::string_view spelling) {
        return variable(container, fmt::format("{}DB_HOST", spelling)) != nullptr;
    });
}

json::object const* site_container(json::object const& revision) {
    for (auto const& item : array_of(revision, "containers")) {
        if (!item.is_object()) continue;
        auto const& container = item.get_object();
        if (has_database(container) || !uploads_volume(revision, container).empty()) {
            return &container;
        }
    }
    return nullptr;
}
json::object* site_container(json::object& revision) {
    return const_cast<json::object*>(site_container(std::as_const(revision)));
}

// The one of both spellings that the container has a host in; "" when it has none.
std::string_view spelling_of(json::object const& container) {
    for (auto const spelling : kSpellings) {
        if (variable(container, fmt::format("{}DB_HOST", spelling)) != nullptr) return spelling;
    }
    return "";
}

// "10.0.0.5", "10.0.0.5:3307", "localhost:/cloudsql/p:r:i", "/cloudsql/p:r:i"
void read_host(SiteSettings& settings, std::string const& text) {
    if (auto const at = text.find(kSockets); at != text.npos) {
        settings.socket_instance = text.substr(at + kSockets.size());
        return;
    }
    settings.database_host = text;
    auto const colon = text.rfind(':');
    if (colon == text.npos || text.find(':') != colon) return;  // an IPv6 address has several
    std::uint16_t port = 0;
    auto const* const end = text.data() + text.size();
    auto const [rest, failure] = std::from_chars(text.data() + colon + 1, end, port);
    if (failure != std::errc() || rest != end || port == 0) return;
    settings.database_host = text.substr(0, colon);
    settings.database_port = port;
}

std::string host_text(SiteSettings const& settings) {
    if (settings.database_port == kMysqlPort) return settings.database_host;
    return fmt::format("{}:{}", settings.database_host, settings.database_port);
}

// What is missing goes to `missing`.
class Reader {
public:
    explicit Reader(json::object const& container)
        : container_(container), spelling_(spelling_of(container)) {}

    std::string value(std::string_view name) {
        auto const full = fmt::format("{}{}", spelling_, name);
        auto const* const found = variable(container_, full);
        auto value = found == nullptr ? "" : text_of(*found, "value");
        if (value.empty()) missing.push_back(full);
        return value;
    }
    std::string secret(std::string_view name) {
        auto const full = fmt::format("{}{}", spelling_, name);
        auto const* const found = variable(container_, full);
        auto secret = found == nullptr ? "" : gcp::secret_of_variable(*found).secret;
        if (found != nullptr && secret.empty()) {
            missing.push_back(full + " from Secret Manager (it is a plain value)");
        } else if (secret.empty()) {
            missing.push_back(full);
        }
        return secret;
    }

    std::vector<std::string> missing = {};

private:
    json::object const& container_;
    std::string_view spelling_;
};

void read_volume(SiteSettings& settings, json::object const& gcs) {
    settings.bucket = text_of(gcs, "bucket");
    for (auto const& option : array_of(gcs, "mountOptions")) {
        if (!option.is_string()) continue;
        std::string_view const text = option.get_string();
        if (text.starts_with(kOnlyDir)) settings.prefix = text.substr(kOnlyDir.size());
    }
    while (settings.prefix.ends_with('/')) settings.prefix.pop_back();
    if (!settings.prefix.empty()) settings.prefix += '/';
}

void set_variable(json::array& environment, std::string const& name, json::object wanted) {
    wanted["name"] = name;
    if (auto* const found = named(environment, name)) {
        *found = std::move(wanted);
    } else {
        environment.push_back(std::move(wanted));
    }
}

json::object from_secret(std::string const& secret) {
    return {{"valueSource", json::object{{"secretKeyRef", json::object{{"secret", secret},
                                                                       {"version", "latest"}}}}}};
}

void write_volume(json::object& gcs, SiteSettings const& settings) {
    gcs["bucket"] = settings.bucket;
    json::array options;
    for (auto const& option : array_of(gcs, "mountOptions")) {
        bool const is_folder = option.is_string() && option.get_string().starts_with(kOnlyDir);
        if (!is_folder) options.push_back(option);
    }
    if (auto folder = settings.prefix; !folder.empty()) {
        while (folder.ends_with('/')) folder.pop_back();
        options.emplace_back(fmt::format("{}{}", kOnlyDir, folder));
    }
    gcs.erase("mountOptions");
    if (!options.empty()) gcs["mountOptions"] = std::move(options);
}

Error no_site() {
    return {ErrorCode::FailedPrecondition,
            "no container has DB_HOST or WORDPRESS_DB_HOST, or mounts a bucket"};
}

}  // namespace

Result<SiteSettings> read_template_settings(json::object const& revision, std::string const& what) {
    auto const* const container = site_container(revision);
    if (container == nullptr) return no_site().in_context(what);
    Reader reader(*container);
    SiteSettings settings;
    read_host(settings, reader.value("DB_HOST"));
    settings.database = reader.value("DB_NAME");
    settings.user = reader.value("DB_USER");
    settings.password_secret = reader.secret("DB_PASSWORD");
    auto const volume = uploads_volume(revision, *container);
    if (volume.empty()) {
        reader.missing.emplace_back("a mounted Cloud Storage volume");
    } else {
        read_volume(settings, *object_of(*named(array_of(revision, "volumes"), volume), "gcs"));
    }
    if (reader.missing.empty()) return settings;
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("{} lacks {}", what, fmt::join(reader.missing, ", ")));
}

Result<SiteSettings> read_settings(json::object const& service) {
    auto const name = text_of(service, "name");
    auto const what = "service " + name.substr(name.rfind('/') + 1);
    auto const* const revision = object_of(service, "template");
    if (revision == nullptr) return no_site().in_context(what);
    return read_template_settings(*revision, what);
}

Result<void> write_settings(json::object& revision_template, SiteSettings const& settings) {
    bool const is_whole = !settings.database_host.empty() && !settings.database.empty() &&
                          !settings.user.empty() && !settings.password_secret.empty() &&
                          !settings.bucket.empty();
    if (!is_whole || !settings.socket_instance.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "a service is given a database's address, name, user and password's secret, "
                     "and a bucket");
    }
    TRY(read_template_settings(revision_template, "the revision template"));
    auto& container = *site_container(revision_template);
    auto& environment = container["env"].as_array();
    for (auto const spelling : kSpellings) {
        auto const full = [&](std::string_view name) {
            return fmt::format("{}{}", spelling, name);
        };
        if (named(environment, full("DB_HOST")) == nullptr) continue;
        set_variable(environment, full("DB_HOST"), {{"value", host_text(settings)}});
        set_variable(environment, full("DB_NAME"), {{"value", settings.database}});
        set_variable(environment, full("DB_USER"), {{"value", settings.user}});
        set_variable(environment, full("DB_PASSWORD"), from_secret(settings.password_secret));
    }
    auto const volume = uploads_volume(revision_template, container);
    auto& volumes = revision_template["volumes"].as_array();
    write_volume(named(volumes, volume)->at("gcs").as_object(), settings);
    return {};
}

Result<void> copy_settings(json::object& revision_template, json::object const& from) {
    auto* const container = site_container(revision_template);
    auto const* const model = site_container(from);
    if (container == nullptr || model == nullptr) return no_site();
    auto& variables = (*container)["env"];
    if (!variables.is_array()) variables = json::array();
    auto& environment = variables.as_array();
    for (auto const spelling : kSpellings) {
        for (auto const variable_name : kVariables) {
            auto const name = fmt::format("{}{}", spelling, variable_name);
            if (auto const* const former = variable(*model, name)) {
                set_variable(environment, name, *former);
            }
        }
    }
    auto const volume = uploads_volume(revision_template, *container);
    auto const* const former = named(array_of(from, "volumes"), uploads_volume(from, *model));
    if (volume.empty() || former == nullptr) return no_site();
    named(revision_template["volumes"].as_array(), volume)->at("gcs") = former->at("gcs");
    return {};
}

}  // namespace aipress::routing
