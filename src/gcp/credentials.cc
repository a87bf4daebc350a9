#include "gcp/credentials.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>

#include "gcp/timestamps.h"
#include "gcp/token_cache.h"
#include "http/base64.h"
#include "http/rsa_key.h"
#include "json/fields.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

std::int64_t seconds_of(WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Asking for a token changes nothing, so it may always be repeated.
Outcome<json::object> ask(TokenClient const& client, Context const& context,
                          RetryPolicy const& policy, std::string_view what,
                          std::function<Outcome<http::ClientRequest>()> const& make_request) {
    for (Retries retries(context, policy);;) {
        auto const request = TRY(make_request());
        auto reply = client.transport.send(context, request);
        auto error = ApiError(Error(ErrorCode::Unknown, ""));
        if (!reply.response.ok()) {
            error = transport_error(reply.response.release_error(), reply.was_sent);
        } else if (reply.response->status == 200) {
            return TRY(aipress::json::parse_object(reply.response->body).in_context(what));
        } else {
            error = read_error(what, *reply.response);
        }
        if (!retries.wait_after(error)) return error;
    }
}

// RFC 6749, 5.1. The answer holds a secret, so errors say nothing of it.
Outcome<AccessToken> read_grant(Clock const& clock, json::object const& answer) {
    auto token = TRY(aipress::json::get_string(answer, "access_token"));
    std::chrono::seconds const lifetime(TRY(aipress::json::get_integer(answer, "expires_in")));
    return AccessToken{.secret = Secret(std::move(token)), .expiry = clock.wall_now() + lifetime};
}

http::ClientRequest grant_request(std::string url,
                                  std::vector<std::pair<std::string, std::string>> const& form) {
    return {.method = "POST",
            .url = std::move(url),
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
            .body = http::form_text(form)};
}

class FixedToken final : public TokenSource {
public:
    explicit FixedToken(std::string token) : token_{.secret = Secret(std::move(token))} {}
    Outcome<AccessToken> token(Context const&) override { return token_; }
    void refuse(AccessToken const&) override {}

private:
    AccessToken const token_;
};

struct ServiceAccountKey {
    std::string email;
    std::string id;
    std::string token_uri;
    std::string scope;
    http::RsaKey key;
};

// RFC 7515, section 7.1, with the claims that Google wants for a grant.
Result<std::string> assertion(ServiceAccountKey const& account, WallTime now) {
    json::object const header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account.id}};
    json::object const claims{{"iss", account.email},
                              {"scope", account.scope},
                              {"aud", account.token_uri},
                              {"iat", seconds_of(now)},
                              {"exp", seconds_of(now + limits::kTokenLifetime)}};
    auto const input = http::encode_base64url(json::serialize(header)) + "." +
                       http::encode_base64url(json::serialize(claims));
    return input + "." + http::encode_base64url(TRY(account.key.sign(input)));
}

std::unique_ptr<TokenSource> cached(TokenClient const& client, TokenCache::Fetch fetch) {
    return std::make_unique<TokenCache>(client.clock, client.retry, std::move(fetch));
}

Result<std::unique_ptr<TokenSource>> make_authorized_user(TokenClient const& client,
                                                          json::object const& file) {
    std::vector<std::pair<std::string, std::string>> form{{"grant_type", "refresh_token"}};
    for (auto const* const name : {"client_id", "client_secret", "refresh_token"}) {
        form.emplace_back(name, TRY(aipress::json::get_string(file, name)));
    }
    auto const given = aipress::json::get_string(file, "token_uri");
    auto const url = given.ok() ? given.value() : "https://oauth2.googleapis.com/token";
    return cached(client, [=](Context const& context, RetryPolicy const& policy) {
        auto const answer =
            ask(client, context, policy, "a token by refresh",
                [&]() -> Outcome<http::ClientRequest> { return grant_request(url, form); });
        return answer.ok() ? read_grant(client.clock, answer.value())
                           : Outcome<AccessToken>(answer.error());
    });
}

Result<std::unique_ptr<TokenSource>> make_impersonated(TokenClient const& client,
                                                       json::object const& file);

Result<std::unique_ptr<TokenSource>> make_of_type(TokenClient const& client,
                                                  json::object const& file) {
    auto const type = TRY(aipress::json::get_string(file, "type"));
    if (type == "service_account") {
        return make_service_account(client, json::serialize(file),
                                    {std::string(kCloudPlatformScope)});
    }
    if (type == "authorized_user") return make_authorized_user(client, file);
    if (type == "impersonated_service_account") return make_impersonated(client, file);
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("credentials of type '{}' are not supported: use a service account's "
                             "key or the metadata server",
                             type));
}

// The account is named by the URL's last part:
// "mover@p.iam.gserviceaccount.com:generateAccessToken".
Result<std::unique_ptr<TokenSource>> make_impersonated(TokenClient const& client,
                                                       json::object const& file) {
    constexpr std::string_view kPath = "/v1/projects/-/serviceAccounts/";
    constexpr std::string_view kVerb = ":generateAccessToken";
    auto const url = TRY(aipress::json::get_string(file, "service_account_impersonation_url"));
    auto const at = url.find(kPath);
    auto const* const source = file.if_contains("source_credentials");
    if (at == url.npos || !url.ends_with(kVerb) || source == nullptr || !source->is_object()) {
        return Error(ErrorCode::InvalidArgument,
                     "$.service_account_impersonation_url or $.source_credentials is malformed");
    }
    Impersonation impersonation{.endpoint = url.substr(0, at)};
    impersonation.account = url.substr(at + kPath.size());
    impersonation.account.resize(impersonation.account.size() - kVerb.size());
    auto const* const delegates = file.if_contains("delegates");
    if (delegates != nullptr && delegates->is_array()) {
        for (auto const& delegate : delegates->get_array()) {
            if (delegate.is_string()) impersonation.delegates.emplace_back(delegate.get_string());
        }
    }
    if (source->get_object().contains("service_account_impersonation_url")) {
        return Error(ErrorCode::InvalidArgument, "$.source_credentials is impersonated too");
    }
    auto token_source = TRY(make_of_type(client, source->get_object()));
    return make_impersonation(client, std::move(impersonation), std::move(token_source));
}

}  // namespace

std::unique_ptr<TokenSource> make_fixed_token(std::string token) {
    return std::make_unique<FixedToken>(std::move(token));
}

Result<std::unique_ptr<TokenSource>> make_service_account(TokenClient const& client,
                                                          std::string_view key_file,
                                                          std::vector<std::string> scopes) {
    constexpr std::string_view kWhere = "the service account's key";
    auto const file = TRY(aipress::json::parse_object(key_file).in_context(kWhere));
    auto const field = [&](std::string_view name) {
        return aipress::json::get_string(file, name).in_context(kWhere);
    };
    auto email = TRY(field("client_email"));
    auto id = TRY(field("private_key_id"));
    auto token_uri = TRY(field("token_uri"));
    auto const pem = TRY(field("private_key"));
    auto key = TRY(http::RsaKey::from_private_pem(pem).in_context("$.private_key"));
    auto const account = std::make_shared<ServiceAccountKey const>(
        ServiceAccountKey{.email = std::move(email),
                          .id = std::move(id),
                          .token_uri = std::move(token_uri),
                          .scope = fmt::format("{}", fmt::join(scopes, " ")),
                          .key = std::move(key)});
    return cached(
        client, [=](Context const& context, RetryPolicy const& policy) -> Outcome<AccessToken> {
            auto const what = "a token for " + account->email;
            auto const answer =
                TRY(ask(client, context, policy, what, [&]() -> Outcome<http::ClientRequest> {
                    auto text = TRY(assertion(*account, client.clock.wall_now()));
                    return grant_request(
                        account->token_uri,
                        {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                         {"assertion", std::move(text)}});
                }));
            return read_grant(client.clock, answer);
        });
}

std::unique_ptr<TokenSource> make_metadata_server(TokenClient const& client, std::string host) {
    auto const url =
        fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host);
    return cached(client,
                  [=](Context const& context, RetryPolicy const& policy) -> Outcome<AccessToken> {
                      auto const answer =
                          TRY(ask(client, context, policy, "a token of the metadata server",
                                  [&]() -> Outcome<http::ClientRequest> {
                                      return http::ClientRequest{
                                          .url = url, .headers = {{"Metadata-Flavor", "Google"}}};
                                  }));
                      return read_grant(client.clock, answer);
                  });
}

std::unique_ptr<TokenSource> make_impersonation(TokenClient const& client,
                                                Impersonation impersonation,
                                                std::unique_ptr<TokenSource> source) {
    auto const url = fmt::format("{}/v1/projects/-/serviceAccounts/{}:generateAccessToken",
                                 impersonation.endpoint, impersonation.account);
    json::object body{
        {"scope", json::array(impersonation.scopes.begin(), impersonation.scopes.end())},
        {"lifetime", fmt::format("{}s", limits::kTokenLifetime.count())}};
    if (!impersonation.delegates.empty()) {
        body["delegates"] =
            json::array(impersonation.delegates.begin(), impersonation.delegates.end());
    }
    auto const content = json::serialize(body);
    std::shared_ptr<TokenSource> const shared = std::move(source);
    auto const what = "a token for " + impersonation.account;
    return cached(
        client, [=](Context const& context, RetryPolicy const& policy) -> Outcome<AccessToken> {
            auto const own = TRY(shared->token(context));
            auto const answer =
                ask(client, context, policy, what, [&]() -> Outcome<http::ClientRequest> {
                    return http::ClientRequest{
                        .method = "POST",
                        .url = url,
                        .headers = {{"Authorization", "Bearer " + own.secret.reveal()},
                                    {"Content-Type", "application/json"}},
                        .body = content};
                });
            if (!answer.ok()) {
                if (answer.error().http_status == 401) shared->refuse(own);
                return answer.error();
            }
            auto token = TRY(aipress::json::get_string(answer.value(), "accessToken"));
            auto const expiry =
                parse_timestamp(TRY(aipress::json::get_string(answer.value(), "expireTime")));
            if (!expiry) return Error(ErrorCode::Internal, what + ": $.expireTime is no time");
            return AccessToken{.secret = Secret(std::move(token)), .expiry = *expiry};
        });
}

Result<std::unique_ptr<TokenSource>> read_credentials(TokenClient const& client,
                                                      std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error(ErrorCode::NotFound,
                     fmt::format("cannot read the credentials in '{}'", path.string()));
    }
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    auto const where = fmt::format("credentials in '{}'", path.string());
    auto const fields = TRY(aipress::json::parse_object(text).in_context(where));
    return make_of_type(client, fields).in_context(where);
}

}  // namespace aipress::gcp
