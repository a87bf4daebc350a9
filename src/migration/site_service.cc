#include "migration/site_service.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <set>

#include "gcp/fields.h"
#include "gcp/run_secrets.h"
#include "migration/pooler_entry.h"
#include "migration/sql_accounts.h"
#include "routing/allocation.h"
#include "routing/journaled.h"
#include "routing/service_traffic.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

constexpr char const* kInvokes = "roles/run.invoker";

gcp::RunServiceName service_of(fleet::Home const& home) {
    return {.project = home.project, .location = home.region, .service = home.service};
}

json::object template_of(json::object const& service) {
    auto const* const found = gcp::object_of(service, "template");
    return found == nullptr ? json::object() : *found;
}

// Those of users: Google refuses its own in v2.
json::object own_annotations(json::object const& service) {
    json::object kept;
    auto const* const all = gcp::object_of(service, "annotations");
    if (all == nullptr) return kept;
    for (auto const& [key, value] : *all) {
        std::string_view const name(key);
        constexpr std::array<std::string_view, 4> kGoogles{
            "run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev",
            "autoscaling.knative.dev"};
        if (std::none_of(kGoogles.begin(), kGoogles.end(), [&](std::string_view google) {
                return name.find(google) != std::string_view::npos;
            })) {
            kept[key] = value;
        }
    }
    return kept;
}

Result<routing::SiteSettings> new_settings(Context const& context, Workspace const& work,
                                           std::string const& password_secret) {
    auto const& home = work.relocation.to;
    auto server =
        TRY(find_server(context, work.cloud, {.project = home.project, .instance = home.instance}));
    if (auto const pooler = TRY(pooler_of(work.options))) {
        server.host = pooler->traffic_host;
        server.port = pooler->traffic_port;
    }
    return routing::SiteSettings{.database_host = server.host,
                                 .database_port = server.port,
                                 .database = home.database,
                                 .user = home.user,
                                 .password_secret = password_secret,
                                 .bucket = home.bucket,
                                 .prefix = home.prefix};
}

// The old service, changed to what the new home has.
Result<json::object> wanted_service(Context const& context, Workspace const& work) {
    auto const& relocation = work.relocation;
    auto const old = TRY(work.cloud.run.get_service(context, service_of(relocation.from)));
    auto revision = template_of(old);
    revision.erase("revision");
    revision["serviceAccount"] = relocation.to.service_account;
    TRY(routing::write_settings(revision,
                                TRY(new_settings(context, work, relocation.to.password_secret))));
    gcp::rename_secrets(revision,
                        [](std::string const& secret) { return routing::last_part(secret); });
    auto const* const labels = gcp::object_of(old, "labels");
    auto own_labels = labels == nullptr ? json::object() : *labels;
    own_labels[kTenantLabel] = relocation.tenant;
    json::object wanted{{"labels", std::move(own_labels)},
                        {"annotations", own_annotations(old)},
                        {"template", std::move(revision)}};
    for (auto const* const field : {"ingress", "description", "invokerIamDisabled"}) {
        if (auto const* const value = old.if_contains(field)) wanted[field] = *value;
    }
    return wanted;
}

// Errors: AlreadyExists when the service there is another's.
Result<void> bring_to(json::object& present, json::object const& wanted, Workspace const& work,
                      bool& changed) {
    auto const* const labels = gcp::object_of(present, "labels");
    if (labels == nullptr || gcp::text_of(*labels, kTenantLabel) != work.relocation.tenant) {
        return Error(ErrorCode::AlreadyExists,
                     fmt::format("the Cloud Run service {} of {} is there and is not labelled "
                                 "{}={}: see whose it is, and rename or delete it",
                                 work.relocation.to.service, work.relocation.to.project,
                                 kTenantLabel, work.relocation.tenant));
    }
    auto const there = routing::read_settings(present);
    auto const asked = TRY(routing::read_settings(wanted));
    changed = !there.ok() || there.value() != asked;
    if (changed) present["template"] = wanted.at("template");
    return {};
}

Result<void> copy_invokers(Context const& context, Workspace const& work) {
    auto const policy = TRY(work.cloud.run.get_policy(context, service_of(work.relocation.from)));
    for (auto const& binding : gcp::array_of(policy, "bindings")) {
        if (gcp::text_of(binding.as_object(), "role") != kInvokes) continue;
        for (auto const& member : gcp::array_of(binding.as_object(), "members")) {
            TRY(work.cloud.run.grant(
                context, service_of(work.relocation.to),
                {.role = kInvokes, .member = std::string(member.as_string())}));
        }
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> secrets_of_service(Context const& context, Workspace const& work) {
    auto const& home = work.relocation.from;
    auto const revision = template_of(TRY(work.cloud.run.get_service(context, service_of(home))));
    std::set<std::string> names;
    for (auto const& reference : gcp::secrets_of_template(revision)) {
        names.insert(routing::last_part(reference.secret));
    }
    names.erase(home.password_secret);
    return std::vector<std::string>(names.begin(), names.end());
}

Result<Facts> look_at_database(Context const& context, Workspace const& work) {
    auto const& [tenant, host, aliases, dns_project, dns_zone, from, to] = work.relocation;
    Facts facts;
    TRY(work.cloud.sql.list_databases(context, {.project = from.project, .instance = from.instance},
                                      [&](json::object const& database) -> gcp::Outcome<gcp::Done> {
                                          if (gcp::text_of(database, "name") != from.database)
                                              return gcp::Done();
                                          facts["charset"] = gcp::text_of(database, "charset");
                                          facts["collation"] = gcp::text_of(database, "collation");
                                          return gcp::Done();
                                      }));
    if (facts.empty()) {
        return Error(ErrorCode::NotFound,
                     fmt::format("the instance {} of {} has no database {}, which the service {} "
                                 "uses",
                                 from.instance, from.project, from.database, from.service));
    }
    bool is_taken = false;
    TRY(work.cloud.sql.list_databases(context, {.project = to.project, .instance = to.instance},
                                      [&](json::object const& database) -> gcp::Outcome<gcp::Done> {
                                          is_taken = is_taken ||
                                                     gcp::text_of(database, "name") == to.database;
                                          return gcp::Done();
                                      }));
    if (!is_taken) return facts;
    return Error(ErrorCode::AlreadyExists,
                 fmt::format("the instance {} of {} has a database {} already: see whose it is, "
                             "and drop it when nobody needs it",
                             to.instance, to.project, to.database));
}

Result<std::string> ensure_service(Context const& context, Workspace const& work) {
    auto const name = service_of(work.relocation.to);
    auto const wanted = TRY(wanted_service(context, work));
    auto made = work.cloud.run.create_service(context, name, wanted);
    if (!made.ok() && made.error().code() == ErrorCode::AlreadyExists) {
        Result<void> brought;
        made = work.cloud.run.update_service(context, name, [&](json::object& present) {
            bool changed = false;
            brought = bring_to(present, wanted, work, changed);
            return brought.ok() && changed;
        });
        TRY(std::move(brought));
    }
    if (!made.ok()) return made.error();
    TRY(copy_invokers(context, work));
    return gcp::text_of(*made, "uri");
}

Result<void> remove_service(Context const& context, Workspace const& work) {
    auto const name = service_of(work.relocation.to);
    auto const present = work.cloud.run.get_service(context, name);
    if (!present.ok() && present.error().code() == ErrorCode::NotFound) return {};
    if (!present.ok()) return present.error();
    auto const* const labels = gcp::object_of(*present, "labels");
    if (labels == nullptr || gcp::text_of(*labels, kTenantLabel) != work.relocation.tenant) {
        return {};  // another's, which was refused
    }
    TRY(work.cloud.run.delete_service(context, name));
    return {};
}

Action old_revision(Workspace const& work) {
    return {
        .name = "provision/old-revision",
        .look = [&work](Context const& context) -> Result<Facts> {
            routing::ServiceTraffic const traffic(work.cloud.connection);
            auto const settings = TRY(new_settings(context, work, work.names.old_side_secret));
            return to_json(
                TRY(traffic.plan(context, service_of(work.relocation.from), work.id, settings)));
        },
        .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
            routing::ServiceTraffic const traffic(work.cloud.connection);
            auto const url = TRY(traffic.prepare(context, TRY(routing::read_traffic_plan(before))));
            return Facts{{"url", url}};
        },
        .undo = [&work](Context const& context, ActionRecord const& record) -> Result<void> {
            routing::ServiceTraffic const traffic(work.cloud.connection);
            return traffic.forget(context, TRY(routing::read_traffic_plan(record.before)));
        }};
}

}  // namespace aipress::migration
