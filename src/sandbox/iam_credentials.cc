#include "sandbox/iam_credentials.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>

#include "http/base64.h"
#include "sandbox/limits.h"
#include "sandbox/service_account_keys.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::chrono::hours kJwtTime{12};  // of signJwt, at most
constexpr std::string_view kTokenIssuer = "https://accounts.google.com";

// RFC 7515, section 7.1.
Outcome<std::string> signed_token(SigningKey const& signer, std::string_view claims) {
    json::object const header{{"alg", "RS256"}, {"kid", signer.id}, {"typ", "JWT"}};
    auto const input =
        http::encode_base64url(json::serialize(header)) + "." + http::encode_base64url(claims);
    return input + "." + http::encode_base64url(TRY(signer.key.sign(input)));
}

std::int64_t seconds_of(WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

class IamCredentials {
public:
    IamCredentials(Store& store, Clock& clock, Credentials& credentials)
        : store_(store), clock_(clock), credentials_(credentials) {}

    Outcome<Reply> access_token(Call& call);
    Outcome<Reply> id_token(Call& call);
    Outcome<Reply> sign_blob(Call& call);
    Outcome<Reply> sign_jwt(Call& call);

private:
    Outcome<SigningKey> signer(Call const& call) {
        return signing_key_of(store_, clock_, call.path_parameter("name"));
    }

    Store& store_;
    Clock& clock_;
    Credentials& credentials_;
};

Outcome<Reply> IamCredentials::access_token(Call& call) {
    auto const& fields = call.fields();
    auto const* const scope = fields.if_contains("scope");
    if (scope == nullptr || scope->as_array().empty()) {
        return invalid_body({{"scope", "Scope required."}});
    }
    Nanoseconds lifetime = limits::kTokenTime;
    if (auto const text = text_field(fields, "lifetime"); !text.empty()) {
        auto const asked = parse_duration(text);
        if (!asked || *asked <= Nanoseconds(0) || *asked > limits::kTokenTime) {
            return invalid_body(
                {{"lifetime", fmt::format("The lifetime {} is not between 1s and "
                                          "{}s.",
                                          text, limits::kTokenTime.count() / 1000)}});
        }
        lifetime = *asked;
    }
    auto const account = TRY(read<ServiceAccount>(store_, [&](Transaction& transaction) {
        return find_service_account(transaction, call.path_parameter("name"));
    }));
    if (account.is_disabled()) {
        return ApiError{.code = ErrorCode::FailedPrecondition,
                        .message = fmt::format("Service account {} is disabled.", account.email())};
    }
    auto const until = std::chrono::floor<std::chrono::seconds>(clock_.wall_now() + lifetime);
    auto token =
        credentials_.issue(account.email(), std::chrono::duration_cast<milliseconds>(lifetime));
    return reply(json::object{{"accessToken", std::move(token)},
                              {"expireTime", format_timestamp(nanoseconds_of(until))}});
}

// Google signs these with a key of its own; here it is the account's.
Outcome<Reply> IamCredentials::id_token(Call& call) {
    auto const audience = text_field(call.fields(), "audience");
    if (audience.empty()) return invalid_body({{"audience", "Audience required."}});
    auto const key = TRY(signer(call));
    auto const now = clock_.wall_now();
    json::object claims{{"aud", audience},
                        {"azp", key.account.unique_id()},
                        {"exp", seconds_of(now + limits::kTokenTime)},
                        {"iat", seconds_of(now)},
                        {"iss", kTokenIssuer},
                        {"sub", key.account.unique_id()}};
    auto const* const with_email = call.fields().if_contains("includeEmail");
    if (with_email != nullptr && with_email->as_bool()) {
        claims["email"] = key.account.email();
        claims["email_verified"] = true;
    }
    auto const token = TRY(signed_token(key, json::serialize(claims)));
    return reply(json::object{{"token", token}});
}

Outcome<Reply> IamCredentials::sign_blob(Call& call) {
    auto const payload = http::decode_base64(text_field(call.fields(), "payload"));
    if (!payload || payload->empty()) return invalid_body({{"payload", "Payload required."}});
    auto const key = TRY(signer(call));
    auto const signature = TRY(key.key.sign(*payload));
    return reply(json::object{{"keyId", key.id}, {"signedBlob", http::encode_base64(signature)}});
}

Outcome<Reply> IamCredentials::sign_jwt(Call& call) {
    auto const payload = text_field(call.fields(), "payload");
    boost::system::error_code failure;
    auto const claims = json::parse(payload, failure);
    if (failure || !claims.is_object()) {
        return invalid_body({{"payload", "The payload must be a JSON object."}});
    }
    if (auto const* const until = claims.get_object().if_contains("exp")) {
        auto const latest = seconds_of(clock_.wall_now() + kJwtTime);
        if (!until->is_number() || until->to_number<double>() > static_cast<double>(latest)) {
            return invalid_body({{"payload",
                                  "The exp claim must be a number, and no more than 12 hours in "
                                  "the future."}});
        }
    }
    auto const key = TRY(signer(call));
    auto const token = TRY(signed_token(key, payload));
    return reply(json::object{{"keyId", key.id}, {"signedJwt", token}});
}

}  // namespace

void serve_iam_credentials(Methods& methods, Store& store, Clock& clock, Credentials& credentials) {
    auto const service = std::make_shared<IamCredentials>(store, clock, credentials);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("iamcredentials.projects.serviceAccounts.{}", verb), "v1",
                      handler);
    };
    serve("generateAccessToken", [=](Call& call) { return service->access_token(call); });
    serve("generateIdToken", [=](Call& call) { return service->id_token(call); });
    serve("signBlob", [=](Call& call) { return service->sign_blob(call); });
    serve("signJwt", [=](Call& call) { return service->sign_jwt(call); });
}

}  // namespace aipress::sandbox
