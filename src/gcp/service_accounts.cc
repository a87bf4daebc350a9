#include "gcp/service_accounts.h"

#include <fmt/format.h>

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "iam.googleapis.com";

std::string accounts_path(std::string const& project) {
    return fmt::format("/v1/projects/{}/serviceAccounts", http::percent_encoded(project));
}

std::string account_path(ServiceAccountName const& name) {
    return fmt::format("{}/{}", accounts_path(name.project), http::percent_encoded(name.email()));
}

}  // namespace

std::string ServiceAccountName::email() const {
    return fmt::format("{}@{}.iam.gserviceaccount.com", account, project);
}

Outcome<json::object> ServiceAccounts::get(Context const& context,
                                           ServiceAccountName const& name) const {
    return connection_.call(context, {.api = kApi, .path = account_path(name)});
}

Outcome<json::object> ServiceAccounts::create(Context const& context,
                                              ServiceAccountName const& name,
                                              std::string const& display_name) const {
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get(during, name);
        if (found.ok()) return std::optional(found.release());
        if (found.error().code() == ErrorCode::NotFound) return std::optional<json::object>();
        return found.release_error();
    };
    return connection_.call(
        context, {.api = kApi,
                  .method = "POST",
                  .path = accounts_path(name.project),
                  .body = json::object{{"accountId", name.account},
                                       {"serviceAccount", {{"displayName", display_name}}}},
                  .check = check});
}

Outcome<Done> ServiceAccounts::remove(Context const& context,
                                      ServiceAccountName const& name) const {
    auto const removed = connection_.call(context, {.api = kApi,
                                                    .method = "DELETE",
                                                    .path = account_path(name),
                                                    .idempotent = Idempotent::Yes});
    if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed.error();
    return Done();
}

}  // namespace aipress::gcp
