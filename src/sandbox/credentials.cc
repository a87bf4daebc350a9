#include "sandbox/credentials.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "http/base64.h"
#include "json/fields.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kUser = "operator@sandbox.example";
constexpr std::string_view kServiceAccount = "default@sandbox-project.iam.gserviceaccount.com";
constexpr std::string_view kOwnToken = "ya29.own.";
constexpr std::size_t kGrantBytes = 64u << 10;
constexpr std::string_view kMetadata = "/computeMetadata/v1/";

http::Response json_response(int status, json::object const& body) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.body = json::serialize(body);
    return response;
}

http::Response grant_error(std::string_view error, std::string_view description) {
    return json_response(400, {{"error", error}, {"error_description", description}});
}

// The claim of a JSON Web Token (RFC 7519) that says who signed it.
Outcome<std::string> issuer_of(std::string_view assertion) {
    ApiError const malformed{.code = ErrorCode::InvalidArgument,
                             .message = "Invalid JWT: it must have three base64 parts"};
    auto const first = assertion.find('.');
    auto const second = assertion.find('.', first == assertion.npos ? first : first + 1);
    if (second == assertion.npos) return malformed;
    auto const claims = http::decode_base64(assertion.substr(first + 1, second - first - 1));
    if (!claims) return malformed;
    auto const fields = TRY(aipress::json::parse_object(*claims));
    return TRY(aipress::json::get_string(fields, "iss"));
}

}  // namespace

std::string Credentials::issue(std::string principal, milliseconds lifetime) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    std::erase_if(tokens_, [&](auto const& entry) { return entry.second.until < now; });
    auto token = fmt::format("{}{:016x}{:016x}", kOwnToken, random_(), random_());
    tokens_[token] = {std::move(principal), now + lifetime};
    return token;
}

Outcome<std::string> Credentials::principal_of(http::Request const& request) {
    constexpr std::string_view kBearer = "Bearer ";
    auto header = request.headers.find("Authorization");
    if (!header) return std::string();
    if (!header->starts_with(kBearer)) {
        return ApiError{.code = ErrorCode::Unauthenticated,
                        .message =
                            "Request had invalid authentication credentials. Expected "
                            "OAuth 2 access token."};
    }
    auto const token = header->substr(kBearer.size());
    std::lock_guard const lock(mutex_);
    if (!token.starts_with(kOwnToken)) return std::string(kUser);
    auto const found = tokens_.find(token);
    if (found == tokens_.end() || found->second.until < clock_.now()) {
        return ApiError{.code = ErrorCode::Unauthenticated,
                        .message =
                            "Request had invalid authentication credentials. Expected "
                            "OAuth 2 access token: this one has expired."};
    }
    return found->second.principal;
}

http::Response Credentials::grant(http::BodyReader& body) {
    auto const form = body.read_all(kGrantBytes);
    if (!form.ok()) return grant_error("invalid_request", form.error().message());
    std::string type;
    std::string assertion;
    for (auto const& [name, value] : http::parse_query(form.value())) {
        if (name == "grant_type") type = value;
        if (name == "assertion") assertion = value;
    }
    std::string principal(kUser);
    if (type == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
        auto issuer = issuer_of(assertion);
        if (!issuer.ok()) return grant_error("invalid_grant", issuer.release_error().message);
        principal = issuer.release();
    } else if (type != "refresh_token") {
        return grant_error("unsupported_grant_type", "Invalid grant_type: " + type);
    }
    return json_response(200, {{"access_token", issue(std::move(principal), limits::kTokenTime)},
                               {"expires_in", limits::kTokenTime.count() / 1000},
                               {"token_type", "Bearer"}});
}

http::Response Credentials::metadata(http::Request const& request) {
    http::Response response;
    response.headers.add("Metadata-Flavor", "Google");
    if (request.headers.find("Metadata-Flavor") != "Google") {
        response.status = 403;
        response.body = "Missing Metadata-Flavor:Google header.\n";
        return response;
    }
    auto const what = std::string_view(request.path).substr(kMetadata.size());
    auto const text = [&](std::string_view value) {
        response.headers.add("Content-Type", "application/text");
        response.body = std::string(value);
    };
    if (what == "instance/service-accounts/default/token") {
        response = json_response(
            200, {{"access_token", issue(std::string(kServiceAccount), limits::kTokenTime)},
                  {"expires_in", limits::kTokenTime.count() / 1000},
                  {"token_type", "Bearer"}});
        response.headers.add("Metadata-Flavor", "Google");
    } else if (what == "instance/service-accounts/default/email") {
        text(kServiceAccount);
    } else if (what == "project/project-id") {
        text("sandbox-project");
    } else if (what == "universe/universe-domain" || what == "universe/universe_domain") {
        text("googleapis.com");
    } else if (what == "instance" || what.empty()) {
        text("");
    } else {
        response.status = 404;
        response.body = "Not Found\n";
    }
    return response;
}

std::optional<http::Response> Credentials::answer(http::Request const& request,
                                                  http::BodyReader& body) {
    if (request.method == "POST" &&
        (request.path == "/token" || request.path == "/oauth2/v4/token")) {
        return grant(body);
    }
    if (request.method == "GET" && request.path.starts_with(kMetadata)) return metadata(request);
    return std::nullopt;
}

}  // namespace aipress::sandbox
