#include "backup/configuration.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/dns.h"
#include "gcp/domain_mappings.h"
#include "gcp/fields.h"
#include "gcp/run.h"
#include "gcp/sql_admin.h"
#include "gcp/storage.h"
#include "gcp/storage_paths.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Done;
using gcp::Outcome;

gcp::Connection::Visitor into(json::array& all) {
    return [&all](json::object const& item) -> Outcome<Done> {
        all.push_back(item);
        return Done();
    };
}

Outcome<Done> add_service(Context const& context, gcp::Connection const& connection,
                          Site const& site, json::object& all) {
    auto const& home = site.home;
    all["service"] = TRY(gcp::CloudRun(connection)
                             .get_service(context, {.project = home.project,
                                                    .location = home.region,
                                                    .service = home.service}));
    auto const path = fmt::format("/v2/projects/{}/locations/{}/services/{}", home.project,
                                  home.region, home.service);
    all["service_policy"] =
        TRY(connection.call(context, gcp::policy_calls("run.googleapis.com", path, "GET").read));
    json::array mappings;
    TRY(gcp::list_domain_mappings(
        connection, context, home.project, home.region,
        [&](gcp::DomainMapping const& mapping) -> Outcome<Done> {
            if (mapping.service != home.service) return Done();
            mappings.push_back(TRY(connection.call(
                context, {.api = "run.googleapis.com",
                          .path = fmt::format("/v1/projects/{}/locations/{}/domainmappings/{}",
                                              http::percent_encoded(home.project),
                                              http::percent_encoded(home.region),
                                              http::percent_encoded(mapping.host)),
                          .region = home.region})));
            return Done();
        }));
    all["domain_mappings"] = std::move(mappings);
    return Done();
}

// As Google writes them, with routing policies and signatures.
Outcome<Done> add_record_sets(Context const& context, gcp::Connection const& connection,
                              Site const& site, json::object& all) {
    json::array sets;
    if (!site.dns_zone.empty()) {
        TRY(connection.for_each(context,
                                {.api = "dns.googleapis.com",
                                 .path = fmt::format("/dns/v1/projects/{}/managedZones/{}/rrsets",
                                                     http::percent_encoded(site.dns_project),
                                                     http::percent_encoded(site.dns_zone)),
                                 .query = {{"name", site.host + "."}}},
                                "rrsets", into(sets)));
    }
    all["record_sets"] = std::move(sets);
    return Done();
}

Outcome<Done> add_database(Context const& context, gcp::Connection const& connection,
                           Site const& site, json::object& all) {
    gcp::SqlAdmin const sql(connection);
    gcp::SqlInstanceName const name{.project = site.home.project, .instance = site.home.instance};
    all["instance"] = TRY(sql.get_instance(context, name));
    json::array databases;
    TRY(sql.list_databases(context, name, into(databases)));
    all["databases"] = std::move(databases);
    json::array users;
    TRY(sql.list_users(context, name, [&](json::object const& user) -> Outcome<Done> {
        users.push_back(
            {{"name", gcp::text_of(user, "name")}, {"host", gcp::text_of(user, "host")}});
        return Done();
    }));
    all["users"] = std::move(users);
    return Done();
}

Outcome<Done> add_bucket(Context const& context, gcp::Connection const& connection,
                         Site const& site, json::object& all) {
    auto const& bucket = site.home.bucket;
    all["bucket"] = TRY(gcp::Storage(connection).get_bucket(context, bucket));
    all["bucket_policy"] =
        TRY(connection.call(context, {.api = gcp::kStorageApi,
                                      .path = gcp::bucket_path(bucket) + "/iam",
                                      .query = {{"optionsRequestedPolicyVersion", "3"}}}));
    return Done();
}

}  // namespace

Outcome<json::object> read_configuration(Context const& context, gcp::Connection const& connection,
                                         Site const& site) {
    json::object all;
    TRY(add_service(context, connection, site, all));
    TRY(add_record_sets(context, connection, site, all));
    TRY(add_database(context, connection, site, all));
    TRY(add_bucket(context, connection, site, all));
    return all;
}

json::object without_values(json::object service) {
    auto* const template_ = service.if_contains("template");
    if (template_ == nullptr || !template_->is_object()) return service;
    auto* const containers = template_->get_object().if_contains("containers");
    if (containers == nullptr || !containers->is_array()) return service;
    for (auto& container : containers->get_array()) {
        if (!container.is_object()) continue;
        auto* const environment = container.get_object().if_contains("env");
        if (environment == nullptr || !environment->is_array()) continue;
        for (auto& variable : environment->get_array()) {
            if (!variable.is_object()) continue;
            auto* const value = variable.get_object().if_contains("value");
            if (value == nullptr || !value->is_string()) continue;
            *value = fmt::format("({} characters)", value->get_string().size());
        }
    }
    return service;
}

}  // namespace aipress::backup
