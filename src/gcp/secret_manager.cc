#include "gcp/secret_manager.h"

#include <fmt/format.h>

#include "gcp/fields.h"
#include "http/base64.h"
#include "http/checksums.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "secretmanager.googleapis.com";

std::string secrets_path(std::string const& project) {
    return fmt::format("/v1/projects/{}/secrets", http::percent_encoded(project));
}

std::string secret_path(SecretName const& name) {
    return fmt::format("{}/{}", secrets_path(name.project), http::percent_encoded(name.secret));
}

std::string access_path(SecretName const& name, std::string const& version) {
    return fmt::format("{}/versions/{}:access", secret_path(name), http::percent_encoded(version));
}

Outcome<Secret> read_payload(json::object const& answer) {
    auto const* const payload = object_of(answer, "payload");
    auto const bytes = http::decode_base64(payload == nullptr ? "" : text_of(*payload, "data"));
    auto const sum = payload == nullptr ? std::nullopt : integer_of(*payload, "dataCrc32c");
    if (!bytes || (sum && *sum != http::crc32c_of(*bytes))) {
        return Error(ErrorCode::DataLoss,
                     "a secret came damaged: its crc32c is another; read it again");
    }
    return Secret(*bytes);
}

}  // namespace

Outcome<json::object> SecretManager::get_secret(Context const& context,
                                                SecretName const& name) const {
    return connection_.call(context, {.api = kApi, .path = secret_path(name)});
}

Outcome<Done> SecretManager::list_secrets(Context const& context, std::string const& project,
                                          Connection::Visitor const& visit) const {
    return connection_.for_each(context, {.api = kApi, .path = secrets_path(project)}, "secrets",
                                visit);
}

Outcome<json::object> SecretManager::create_secret(Context const& context, SecretName const& name,
                                                   json::object secret) const {
    if (!secret.contains("replication")) secret["replication"] = {{"automatic", json::object()}};
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get_secret(during, name);
        if (found.ok()) return std::optional(found.release());
        if (found.error().code() == ErrorCode::NotFound) return std::optional<json::object>();
        return found.release_error();
    };
    return connection_.call(context, {.api = kApi,
                                      .method = "POST",
                                      .path = secrets_path(name.project),
                                      .query = {{"secretId", name.secret}},
                                      .body = std::move(secret),
                                      .check = check});
}

Outcome<std::string> SecretManager::add_version(Context const& context, SecretName const& name,
                                                Secret const& payload) const {
    auto const& bytes = payload.reveal();
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto latest = connection_.call(during, {.api = kApi, .path = access_path(name, "latest")});
        if (!latest.ok()) {
            // There is no version yet, or the latest one is disabled: it is not this one.
            auto const code = latest.error().code();
            bool const is_other =
                code == ErrorCode::NotFound || code == ErrorCode::FailedPrecondition;
            if (!is_other) return latest.release_error();
            return std::optional<json::object>();
        }
        if (TRY(read_payload(*latest)).reveal() != bytes) return std::optional<json::object>();
        return std::optional(latest.release());
    };
    auto const made = TRY(connection_.call(
        context,
        {.api = kApi,
         .method = "POST",
         .path = secret_path(name) + ":addVersion",
         .body = json::object{{"payload",
                               {{"data", http::encode_base64(bytes)},
                                {"dataCrc32c", fmt::format("{}", http::crc32c_of(bytes))}}}},
         .check = check}));
    auto const full = text_of(made, "name");
    return full.substr(full.rfind('/') + 1);
}

Outcome<json::object> SecretManager::get_version(Context const& context, SecretName const& name,
                                                 std::string const& version) const {
    return connection_.call(context, {.api = kApi,
                                      .path = fmt::format("{}/versions/{}", secret_path(name),
                                                          http::percent_encoded(version))});
}

Outcome<json::object> SecretManager::get_policy(Context const& context,
                                                SecretName const& name) const {
    return connection_.call(context, policy_calls(kApi, secret_path(name), "GET").read);
}

Outcome<Secret> SecretManager::access_version(Context const& context, SecretName const& name,
                                              std::string const& version) const {
    return read_payload(
        TRY(connection_.call(context, {.api = kApi, .path = access_path(name, version)})));
}

Outcome<Done> SecretManager::delete_secret(Context const& context, SecretName const& name) const {
    auto const deleted = connection_.call(context, {.api = kApi,
                                                    .method = "DELETE",
                                                    .path = secret_path(name),
                                                    .idempotent = Idempotent::Yes});
    if (!deleted.ok() && deleted.error().code() != ErrorCode::NotFound) return deleted.error();
    return Done();
}

Outcome<Done> SecretManager::grant(Context const& context, SecretName const& name,
                                   IamBinding const& binding) const {
    TRY(change_policy(connection_, context, policy_calls(kApi, secret_path(name), "GET"),
                      [&](json::object& policy) { return add_binding(policy, binding); }));
    return Done();
}

}  // namespace aipress::gcp
