// The secrets that a site uses, kept encrypted: secrets.json.
//
//     {"secrets": [{"project", "secret", "version", "references": ["latest"], "labels", "policy",
//      "sealed": {"nonce", "ciphertext"}}]}
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "backup/folder.h"
#include "backup/site.h"
#include "backup/tenant_key.h"

namespace aipress::backup {

struct SecretUse {
    gcp::SecretName name = {};
    std::string version = {};  // as the service asks for it: "latest", "3"

    [[nodiscard]] std::string title() const;  // "projects/p/secrets/s/versions/3"
};
// All that the service's environment and volumes refer to, and the password of the home's database,
// each once.
[[nodiscard]] std::vector<SecretUse> secrets_of(boost::json::object const& service,
                                                fleet::Home const& home);

struct KeptSecret {
    SecretUse use = {};                        // its version is a number
    std::vector<std::string> references = {};  // as the service asks for it
    boost::json::object labels = {};
    boost::json::object policy = {};
    boost::json::object sealed = {};

    [[nodiscard]] bool is_latest() const;
    [[nodiscard]] Result<gcp::Secret> open(TenantKey const& key) const {
        return key.open(use.title(), sealed);
    }
};
// Reads and encrypts them. Errors: those of the calls, with the secret's name.
[[nodiscard]] gcp::Outcome<std::vector<KeptSecret>> keep_secrets(Context const& context,
                                                                 gcp::SecretManager const& secrets,
                                                                 std::vector<SecretUse> const& uses,
                                                                 TenantKey const& key);

inline constexpr std::string_view kSecrets = "secrets.json";
// Of the backup. Errors: DataLoss when they are missing or damaged.
[[nodiscard]] gcp::Outcome<std::vector<KeptSecret>> read_secrets(Context const& context,
                                                                 Folder const& folder);
[[nodiscard]] std::string write_secrets(std::vector<KeptSecret> const& secrets);
// Errors: DataLoss.
[[nodiscard]] Result<std::vector<KeptSecret>> parse_secrets(std::string_view text);

}  // namespace aipress::backup
