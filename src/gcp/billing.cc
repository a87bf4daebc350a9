#include "gcp/billing.h"

#include <fmt/format.h>

#include "gcp/fields.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "cloudbilling.googleapis.com";

std::string billing_path(std::string const& project) {
    return fmt::format("/v1/projects/{}/billingInfo", http::percent_encoded(project));
}

ProjectBilling read_billing(json::object const& fields) {
    return {.account = text_of(fields, "billingAccountName"),
            .is_enabled = bool_of(fields, "billingEnabled")};
}

}  // namespace

Outcome<ProjectBilling> Billing::get_billing(Context const& context,
                                             std::string const& project) const {
    return read_billing(
        TRY(connection_.call(context, {.api = kApi, .path = billing_path(project)})));
}

Outcome<ProjectBilling> Billing::link(Context const& context, std::string const& project,
                                      std::string const& account) const {
    return read_billing(
        TRY(connection_.call(context, {.api = kApi,
                                       .method = "PUT",
                                       .path = billing_path(project),
                                       .body = json::object{{"billingAccountName", account}},
                                       .idempotent = Idempotent::Yes})));
}

}  // namespace aipress::gcp
