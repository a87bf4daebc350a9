#include "gcp/service_usage.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"
#include "gcp/operations.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "serviceusage.googleapis.com";

std::string services_path(std::string const& project) {
    return fmt::format("/v1/projects/{}/services", http::percent_encoded(project));
}

}  // namespace

Outcome<Done> ServiceUsage::enable(Context const& context, std::string const& project,
                                   std::vector<std::string> const& services) const {
    for (std::size_t at = 0; at < services.size(); at += limits::kServicesABatch) {
        json::array ids;
        auto const end = std::min(at + limits::kServicesABatch, services.size());
        for (auto i = at; i < end; ++i) ids.emplace_back(services[i]);
        auto operation =
            TRY(connection_.call(context, {.api = kApi,
                                           .method = "POST",
                                           .path = services_path(project) + ":batchEnable",
                                           .body = json::object{{"serviceIds", std::move(ids)}},
                                           .idempotent = Idempotent::Yes}));
        TRY(wait_for_rpc(connection_, context, kApi, "/v1/", std::move(operation)));
    }
    return Done();
}

Outcome<std::vector<std::string>> ServiceUsage::list_enabled(Context const& context,
                                                             std::string const& project) const {
    std::vector<std::string> names;
    TRY(connection_.for_each(context,
                             {.api = kApi,
                              .path = services_path(project),
                              .query = {{"filter", "state:ENABLED"}, {"pageSize", "200"}}},
                             "services", [&](json::object const& service) -> Outcome<Done> {
                                 auto const name = text_of(service, "name");
                                 names.push_back(name.substr(name.rfind('/') + 1));
                                 return Done();
                             }));
    return names;
}

}  // namespace aipress::gcp
