// The tenant's key, and what is encrypted with it. The key is 32 random bytes in Secret Manager,
// "aipress-backup-key-TENANT", and nowhere else.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "backup/manifest.h"
#include "gcp/secret_manager.h"

namespace aipress::backup {

[[nodiscard]] std::string key_secret_name(std::string_view tenant);

// Immutable, hence thread safe.
class TenantKey {
public:
    // Makes it when there is none. Errors: FailedPrecondition when what is there is no key.
    [[nodiscard]] static gcp::Outcome<TenantKey> ensure(Context const& context,
                                                        gcp::SecretManager const& secrets,
                                                        std::string const& project,
                                                        std::string const& tenant);
    // That version. Errors: NotFound, saying what is lost with it.
    [[nodiscard]] static gcp::Outcome<TenantKey> find(Context const& context,
                                                      gcp::SecretManager const& secrets,
                                                      KeyName const& name,
                                                      std::string const& tenant);

    [[nodiscard]] KeyName const& name() const { return name_; }

    // {"nonce", "ciphertext"}, base64. `label` says what it is; with another label or another
    // tenant it does not decrypt, so entries cannot be exchanged for each other.
    [[nodiscard]] Result<boost::json::object> seal(std::string_view label,
                                                   std::string_view plain) const;
    // Errors: DataLoss, with the label and without a byte of it.
    [[nodiscard]] Result<gcp::Secret> open(std::string_view label,
                                           boost::json::object const& sealed) const;

private:
    TenantKey(KeyName name, std::string tenant, gcp::Secret key)
        : name_(std::move(name)), tenant_(std::move(tenant)), key_(std::move(key)) {}

    std::string additional(std::string_view label) const;

    KeyName name_;
    std::string tenant_;
    gcp::Secret key_;
};

}  // namespace aipress::backup
