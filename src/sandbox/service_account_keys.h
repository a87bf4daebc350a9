// IAM v1: the keys of service accounts, and what is signed with them.
#pragma once

#include <string>
#include <vector>

#include "http/rsa_key.h"
#include "sandbox/service_accounts.h"

namespace aipress::sandbox {

// The key that Google itself signs with for an account.
struct SigningKey {
    ServiceAccount account;
    std::string id;
    http::RsaKey key;
};

// Made when it is first asked for, and stored. `name`: see find_service_account. Errors: NotFound,
// FailedPrecondition when the account is disabled.
[[nodiscard]] Outcome<SigningKey> signing_key_of(Store& store, Clock& clock,
                                                 std::string const& name);

// The public keys (PEM) that the account's signatures are held against, whoever has the private
// one: all that are not disabled. Errors: as above.
[[nodiscard]] Outcome<std::vector<std::string>> public_keys_of(Store const& store,
                                                               std::string const& name);

// All that is passed outlives `methods`.
void serve_service_account_keys(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox
