#include "sandbox/run/site_plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/log.h"
#include "sandbox/limits.h"
#include "sandbox/resource_names.h"
#include "sandbox/run/changes.h"
#include "sandbox/run/domain_mappings.h"
#include "sandbox/secret_manager.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::string_view kUploads = "/var/www/html/wp-content/uploads";
constexpr std::string_view kOnlyFolder = "only-dir=";

Outcome<std::map<std::string, std::string>> environment_of(Transaction& transaction,
                                                           json::object const& container,
                                                           ServiceName const& name,
                                                           std::string const& revision) {
    std::map<std::string, std::string> environment{{"PORT", "8080"},
                                                   {"K_SERVICE", name.service},
                                                   {"K_CONFIGURATION", name.service},
                                                   {"K_REVISION", revision}};
    auto const* const variables = find_array(container, "env");
    if (variables == nullptr) return environment;
    for (auto const& one : *variables) {
        auto const& variable = one.as_object();
        auto& value = environment[text_field(variable, "name")];
        auto const* const source = find_object(variable, "valueSource");
        auto const* const reference =
            source == nullptr ? nullptr : find_object(*source, "secretKeyRef");
        value = reference == nullptr
                    ? text_field(variable, "value")
                    : TRY(read_secret(transaction, secret_version_of(*reference, name.place)));
    }
    return environment;
}

// gcsfuse's --only-dir, as it takes it: cleaned, and with a slash. The last one counts, as with all
// of its options; the others are of no consequence here.
std::string only_folder(json::object const& gcs) {
    std::string folder;
    auto const* const options = find_array(gcs, "mountOptions");
    if (options == nullptr) return folder;
    for (auto const& option : *options) {
        std::string_view const text = option.as_string();
        if (text.starts_with(kOnlyFolder)) folder = text.substr(kOnlyFolder.size());
    }
    if (folder.empty()) return folder;
    folder = std::filesystem::path(folder).lexically_normal().string();
    if (!folder.ends_with('/')) folder += '/';
    return folder;
}

Uploads uploads_of(json::object const& wanted, json::object const& container) {
    auto const* const mounts = find_array(container, "volumeMounts");
    auto const* const volumes = find_array(wanted, "volumes");
    if (mounts == nullptr || volumes == nullptr) return {};
    for (auto const& mount : *mounts) {
        auto path = text_field(mount.as_object(), "mountPath");
        while (path.ends_with('/')) path.pop_back();
        if (path != kUploads) continue;
        for (auto const& volume : *volumes) {
            auto const* const gcs = find_object(volume.as_object(), "gcs");
            bool const is_it =
                text_field(volume.as_object(), "name") == text_field(mount.as_object(), "name");
            if (gcs != nullptr && is_it) {
                return {.bucket = text_field(*gcs, "bucket"), .folder = only_folder(*gcs)};
            }
        }
    }
    return {};
}

Outcome<Pool> pool_of(Transaction& transaction, ServiceName const& name, Document const& document) {
    auto const& body = document.body.as_object();
    auto const& wanted = body.at("template").as_object();
    auto const& container = wanted.at("containers").as_array().at(0).as_object();
    Pool pool{.id = text_field(body, "pool"),
              .revision = std::string(segment(document.name, 7)),
              .service = name.key()};
    pool.environment = TRY(environment_of(transaction, container, name, pool.revision));
    pool.uploads = uploads_of(wanted, container);
    std::int64_t most = limits::kRunWorkers;
    if (auto const* const scaling = find_object(wanted, "scaling")) {
        most = number_field(*scaling, "maxInstanceCount", most);
        pool.least_workers = number_field(*scaling, "minInstanceCount", 0);
    }
    most = std::clamp<std::int64_t>(most, 1, limits::kRunWorkers);
    pool.workers = std::clamp<std::int64_t>(
        most * number_field(wanted, "maxInstanceRequestConcurrency", 1), 1, limits::kRunWorkers);
    pool.least_workers = std::min(pool.least_workers, pool.workers);
    auto const timeout = text_field(wanted, "timeout");
    std::from_chars(timeout.data(), timeout.data() + timeout.size(), pool.timeout_seconds);
    pool.timeout_seconds = std::clamp<std::int64_t>(pool.timeout_seconds, 1, 3600);
    return pool;
}

class Planner {
public:
    explicit Planner(Transaction& transaction) : transaction_(transaction) {}

    Outcome<Done> add_service(Document const& document) {
        auto const name = TRY(service_of_key(transaction_, document.name));
        Site site{.service = document.name, .hosts = {name.host(), name.numbered_host()}};
        auto const* const served = find_array(document.body.as_object(), "served");
        if (served != nullptr) {
            for (auto const& one : *served) {
                auto const& target = one.as_object();
                auto const pool = TRY(add_pool(name, text_field(target, "revision")));
                auto const tag = text_field(target, "tag");
                Site tagged{.service = document.name, .hosts = {name.tag_host(tag)}};
                if (!pool.empty()) tagged.shares.push_back({.pool = pool, .percent = 100});
                if (!tag.empty()) plan_.sites.push_back(std::move(tagged));
                auto const percent = number_field(target, "percent", 0);
                if (!pool.empty() && percent > 0) {
                    site.shares.push_back({.pool = pool, .percent = percent});
                }
            }
        }
        site_of_[document.name] = plan_.sites.size();
        plan_.sites.push_back(std::move(site));
        return Done();
    }
    void add_domain(Document const& document) {
        auto const* const spec = find_object(document.body.as_object(), "spec");
        if (spec == nullptr || !is_in_force(document)) return;
        ServiceName const name{.place = {.project = std::string(segment(document.name, 1)),
                                         .number = {},
                                         .region = std::string(segment(document.name, 3))},
                               .service = text_field(*spec, "routeName")};
        auto const found = site_of_.find(name.key());
        if (found == site_of_.end()) return;
        plan_.sites[found->second].hosts.emplace_back(segment(document.name, 5));
    }
    [[nodiscard]] SitePlan release() { return std::move(plan_); }

private:
    // Its id; "" when it cannot be run.
    Outcome<std::string> add_pool(ServiceName const& name, std::string const& revision) {
        auto const found = TRY(transaction_.get(kRevisions, name.revision_key(revision)));
        if (!found || find_object(found->body.as_object(), "problem") != nullptr) {
            return std::string();
        }
        auto pool = pool_of(transaction_, name, *found);
        if (!pool.ok()) {
            log::warning("Cloud Run: revision {} is not served: {}", found->name,
                         pool.release_error().message);
            return std::string();
        }
        auto made = pool.release();
        auto id = made.id;
        if (known_.insert(id).second) plan_.pools.push_back(std::move(made));
        return id;
    }

    Transaction& transaction_;
    SitePlan plan_;
    std::set<std::string> known_;
    std::map<std::string, std::size_t, std::less<>> site_of_;
};

}  // namespace

bool is_reachable(json::object const& service) {
    return text_field(service, "ingress") != "INGRESS_TRAFFIC_INTERNAL_ONLY";
}

Outcome<SitePlan> read_plan(Transaction& transaction) {
    Planner planner(transaction);
    TRY(each_document(transaction, kServices, "", [&](Document& document) -> Outcome<bool> {
        if (is_reachable(document.body.as_object())) TRY(planner.add_service(document));
        return true;
    }));
    TRY(each_document(transaction, kDomainMappings, "", [&](Document& document) -> Outcome<bool> {
        planner.add_domain(document);
        return true;
    }));
    return planner.release();
}

}  // namespace aipress::sandbox::run
