// IAM v1: service accounts. Their keys: service_account_keys.h.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sandbox/service.h"

namespace aipress::sandbox {

// A service account that is not deleted.
struct ServiceAccount {
    std::string key;  // "PROJECT_ID/EMAIL", in the collection kServiceAccounts
    std::uint64_t version = 0;
    boost::json::object body = {};  // iam.v1 ServiceAccount, without its etag

    [[nodiscard]] std::string email() const;
    [[nodiscard]] std::string unique_id() const;
    [[nodiscard]] std::string name() const;
    [[nodiscard]] bool is_disabled() const { return body.contains("disabled"); }
};

inline constexpr std::string_view kServiceAccounts = "service_accounts";

// `name`: projects/{p|-}/serviceAccounts/{EMAIL|UNIQUE_ID}[/...]. Errors: NotFound; those of the
// project.
[[nodiscard]] Outcome<ServiceAccount> find_service_account(Transaction& transaction,
                                                           std::string_view name);

// The one that the metadata server's tokens are for: made once, so that what a user deletes does
// not come back.
[[nodiscard]] Outcome<Done> make_first_service_account(Transaction& transaction);

// All that is passed outlives `methods`.
void serve_service_accounts(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox
