#include "migration/relocation.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gcp/domain_mappings.h"
#include "gcp/fields.h"
#include "migration/names.h"
#include "routing/site_settings.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

using fleet::Relocation;
using gcp::Done;
using gcp::Outcome;

constexpr char const* kAnywhere = "-";

// "projects/p/locations/r/services/s" in its parts.
std::string part_of(std::string const& name, unsigned index) {
    std::size_t begin = 0;
    for (; index > 0 && begin != std::string::npos; --index) {
        begin = name.find('/', begin);
        if (begin != std::string::npos) ++begin;
    }
    if (begin == std::string::npos) return "";
    return name.substr(begin, name.find('/', begin) - begin);
}

Result<json::object> find_service(Context const& context, Cloud const& cloud,
                                  std::string const& project, std::string const& tenant) {
    std::vector<json::object> found;
    TRY(cloud.run.list_services(context, project, kAnywhere,
                                [&](json::object const& service) -> Outcome<Done> {
                                    auto const name = gcp::text_of(service, "name");
                                    if (part_of(name, 5) == tenant) found.push_back(service);
                                    return Done();
                                }));
    if (found.empty()) {
        return Error(ErrorCode::NotFound,
                     fmt::format("{} has no Cloud Run service {}: see `aipress inventory --project "
                                 "{}`",
                                 project, tenant, project));
    }
    if (found.size() > 1) {
        return Error(
            ErrorCode::FailedPrecondition,
            fmt::format("{} has a Cloud Run service {} in several regions", project, tenant));
    }
    return std::move(found.front());
}

// By the socket's name or by the address that the site uses.
Result<std::string> find_instance(Context const& context, Cloud const& cloud,
                                  std::string const& project,
                                  routing::SiteSettings const& settings) {
    auto const& socket = settings.socket_instance;
    if (!socket.empty()) return socket.substr(socket.rfind(':') + 1);
    std::string instance;
    TRY(cloud.sql.list_instances(context, project, [&](json::object const& one) -> Outcome<Done> {
        for (auto const& address : gcp::array_of(one, "ipAddresses")) {
            if (gcp::text_of(address.as_object(), "ipAddress") == settings.database_host) {
                instance = gcp::text_of(one, "name");
            }
        }
        return Done();
    }));
    if (!instance.empty()) return instance;
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("no Cloud SQL instance of {} has the address {} that the site uses",
                             project, settings.database_host));
}

Result<std::string> secret_of(routing::SiteSettings const& settings, std::string const& project) {
    auto const& secret = settings.password_secret;
    if (secret.find('/') == std::string::npos) return secret;
    if (part_of(secret, 1) == project) return part_of(secret, 3);
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("the database's password is in another project's secret, {}", secret));
}

// The zone of the project's with the longest name that the host ends in; "" when none has it.
Result<std::string> find_zone(Context const& context, Cloud const& cloud,
                              std::string const& project, std::string const& host) {
    std::string best_name;
    std::string best_zone;
    TRY(cloud.dns.list_zones(context, project, [&](json::object const& zone) -> Outcome<Done> {
        auto const name = gcp::text_of(zone, "dnsName");
        bool const is_private = gcp::text_of(zone, "visibility") == "private";
        auto const dotted = host + ".";
        bool const has_host = dotted == name || dotted.ends_with("." + name);
        if (has_host && !is_private && name.size() > best_name.size()) {
            best_name = name;
            best_zone = gcp::text_of(zone, "name");
        }
        return Done();
    }));
    return best_zone;
}

// The host is the one whose zone is ours to change; all others point to Google and stay.
Result<void> find_hosts(Context const& context, Cloud const& cloud, Relocation& relocation) {
    std::vector<std::string> hosts;
    auto const& home = relocation.from;
    TRY(gcp::list_domain_mappings(cloud.connection, context, home.project, home.region,
                                  [&](gcp::DomainMapping const& mapping) -> Outcome<Done> {
                                      if (mapping.service == home.service) {
                                          hosts.push_back(mapping.host);
                                      }
                                      return Done();
                                  }));
    std::sort(hosts.begin(), hosts.end());
    relocation.dns_project = home.project;
    for (auto const& host : hosts) {
        auto zone = TRY(find_zone(context, cloud, home.project, host));
        // The one that is named after the tenant before all others.
        bool const is_better = relocation.host.empty() || host.starts_with(relocation.tenant + ".");
        if (!zone.empty() && is_better) {
            relocation.host = host;
            relocation.dns_zone = std::move(zone);
        }
    }
    if (relocation.host.empty()) {
        return Error(
            ErrorCode::FailedPrecondition,
            fmt::format("no host of the service {} is in a zone of {}; mapped to it: {}",
                        home.service, home.project,
                        hosts.empty() ? "none" : fmt::format("{}", fmt::join(hosts, ", "))));
    }
    std::erase(hosts, relocation.host);
    relocation.aliases = std::move(hosts);
    return {};
}

}  // namespace

Result<Relocation> find_relocation(Context const& context, Cloud const& cloud,
                                   std::string const& tenant, std::string const& project,
                                   fleet::Shard const& shard) {
    auto const service = TRY(find_service(context, cloud, project, tenant));
    auto const settings = TRY(routing::read_settings(service));
    auto const* const revision = gcp::object_of(service, "template");
    Relocation relocation{.tenant = tenant, .to = home_in(shard, tenant)};
    relocation.from = {
        .project = project,
        .region = part_of(gcp::text_of(service, "name"), 3),
        .service = tenant,
        .service_account = revision == nullptr ? "" : gcp::text_of(*revision, "serviceAccount"),
        .database = settings.database,
        .user = settings.user,
        .bucket = settings.bucket,
        .prefix = settings.prefix};
    relocation.from.instance = TRY(find_instance(context, cloud, project, settings));
    relocation.from.password_secret = TRY(secret_of(settings, project));
    TRY(find_hosts(context, cloud, relocation));
    return relocation;
}

}  // namespace aipress::migration
