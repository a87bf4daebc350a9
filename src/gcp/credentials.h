// Who this program is to Google Cloud: sources of OAuth 2 access tokens.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "gcp/outcome.h"
#include "gcp/retry.h"
#include "gcp/transport.h"

namespace aipress::gcp {

// Text that is in no log, error or report: it has no formatter and is read by reveal() only.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] std::string const& reveal() const { return text_; }

private:
    std::string text_;
};

struct AccessToken {
    Secret secret;
    WallTime expiry = WallTime::max();
};

// Thread safe.
class TokenSource {
public:
    virtual ~TokenSource() = default;
    // One that is good for now. Errors: Unauthenticated or PermissionDenied when the credentials
    // are refused, Unavailable when nobody answers, the context's.
    [[nodiscard]] virtual Outcome<AccessToken> token(Context const& context) = 0;
    // An API refused this one (401): it is not given again.
    virtual void refuse(AccessToken const& token) = 0;
};

// What fetches tokens; transport and clock outlive the sources made with it.
struct TokenClient {
    Transport& transport;
    Clock& clock;
    RetryPolicy retry = {};
};

inline constexpr std::string_view kCloudPlatformScope =
    "https://www.googleapis.com/auth/cloud-platform";

// All but the fixed one keep their token, renew it ahead of its end, and ask once however many
// threads wait; while a renewal fails, the old one is given until its end.

[[nodiscard]] std::unique_ptr<TokenSource> make_fixed_token(std::string token);

// A service account's key file (its text), by RS256 grant (RFC 7523) at the file's token_uri.
// Errors: InvalidArgument, naming the field but not its value.
[[nodiscard]] Result<std::unique_ptr<TokenSource>> make_service_account(
    TokenClient const& client, std::string_view key_file, std::vector<std::string> scopes);

// The account of the machine or the Cloud Run service that this runs on.
[[nodiscard]] std::unique_ptr<TokenSource> make_metadata_server(
    TokenClient const& client, std::string host = "metadata.google.internal");

struct Impersonation {
    std::string account = {};  // "mover@project.iam.gserviceaccount.com"
    std::vector<std::string> delegates = {};
    std::vector<std::string> scopes = {std::string(kCloudPlatformScope)};
    std::string endpoint = "https://iamcredentials.googleapis.com";
};
// That account's tokens, by IAM Credentials; `source` needs roles/iam.serviceAccountTokenCreator.
[[nodiscard]] std::unique_ptr<TokenSource> make_impersonation(TokenClient const& client,
                                                              Impersonation impersonation,
                                                              std::unique_ptr<TokenSource> source);

// A file as GOOGLE_APPLICATION_CREDENTIALS names it: type service_account, authorized_user or
// impersonated_service_account. Errors: NotFound; InvalidArgument for other types and bad fields.
[[nodiscard]] Result<std::unique_ptr<TokenSource>> read_credentials(
    TokenClient const& client, std::filesystem::path const& file);

}  // namespace aipress::gcp
