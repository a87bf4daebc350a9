#include "backup/tenant_key.h"

#include <fmt/format.h>

#include "gcp/fields.h"
#include "http/base64.h"
#include "http/cipher.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Outcome;
using gcp::Secret;

// The number of the latest version. Errors: NotFound when there is none.
Outcome<std::string> latest_version(Context const& context, gcp::SecretManager const& secrets,
                                    gcp::SecretName const& name) {
    auto const version = TRY(secrets.get_version(context, name, "latest"));
    auto const full = gcp::text_of(version, "name");
    return full.substr(full.rfind('/') + 1);
}

}  // namespace

std::string key_secret_name(std::string_view tenant) {
    return fmt::format("aipress-backup-key-{}", tenant);
}

Outcome<TenantKey> TenantKey::ensure(Context const& context, gcp::SecretManager const& secrets,
                                     std::string const& project, std::string const& tenant) {
    gcp::SecretName const name{.project = project, .secret = key_secret_name(tenant)};
    auto latest = latest_version(context, secrets, name);
    if (!latest.ok() && latest.error().code() == ErrorCode::NotFound) {
        // The secret, or its version only: what a killed process leaves.
        auto const made = secrets.create_secret(
            context, name,
            {{"labels", {{"tenant", tenant}, {"aipress-role", "migration-backups"}}}});
        if (!made.ok() && made.error().code() != ErrorCode::AlreadyExists) return made.error();
        TRY(secrets.add_version(context, name,
                                Secret(TRY(http::random_bytes(http::kCipherKeyBytes)))));
        // Read again: of two processes that add one each, both go on with the same.
        latest = latest_version(context, secrets, name);
    }
    if (!latest.ok()) return latest.release_error();
    return find(context, secrets,
                {.project = project, .secret = name.secret, .version = latest.release()}, tenant);
}

Outcome<TenantKey> TenantKey::find(Context const& context, gcp::SecretManager const& secrets,
                                   KeyName const& name, std::string const& tenant) {
    auto key = secrets.access_version(context, {.project = name.project, .secret = name.secret},
                                      name.version);
    if (!key.ok()) {
        return Error(key.error().code(),
                     fmt::format("the key of {}'s backups, without which their secrets and "
                                 "Terraform states cannot be read: {}",
                                 tenant, key.error().message()));
    }
    if (key->reveal().size() != http::kCipherKeyBytes) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("version {} of secret {} in {} is no key of {} bytes: disable it, "
                                 "and take the backup again",
                                 name.version, name.secret, name.project, http::kCipherKeyBytes));
    }
    return TenantKey(name, tenant, key.release());
}

// Neither part can run into the other: a tenant's name has no zero byte.
std::string TenantKey::additional(std::string_view label) const {
    std::string text = "aipress-backup";
    text += '\0';
    text += tenant_;
    text += '\0';
    text += label;
    return text;
}

Result<json::object> TenantKey::seal(std::string_view label, std::string_view plain) const {
    auto const nonce = TRY(http::random_bytes(http::kCipherNonceBytes));
    auto const sealed = TRY(http::seal(key_.reveal(), nonce, additional(label), plain));
    return json::object{{"nonce", http::encode_base64(nonce)},
                        {"ciphertext", http::encode_base64(sealed)}};
}

Result<Secret> TenantKey::open(std::string_view label, json::object const& sealed) const {
    auto const nonce = http::decode_base64(gcp::text_of(sealed, "nonce"));
    auto const text = http::decode_base64(gcp::text_of(sealed, "ciphertext"));
    if (!nonce || !text || nonce->size() != http::kCipherNonceBytes) {
        return Error(ErrorCode::DataLoss, fmt::format("{}: it is damaged", label));
    }
    auto plain = http::open_sealed(key_.reveal(), *nonce, additional(label), *text);
    if (!plain.ok()) return plain.release_error().in_context(label);
    return Secret(plain.release());
}

}  // namespace aipress::backup
