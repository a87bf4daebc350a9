// How commands reach Google Cloud: addresses and credentials from the environment, in one place.
//
//     AIPRESS_GCP_ENDPOINT                address of all APIs; default: Google's own
//     AIPRESS_GCP_ENDPOINT_<API>          of one: ..._STORAGE, ..._SQLADMIN
//     SPANNER_EMULATOR_HOST               of Cloud Spanner's emulator at its usual ports; for
//     others
//                                         AIPRESS_GCP_ENDPOINT_SPANNER has to say its REST port
//     AIPRESS_GCP_TOKEN                   an access token
//     GOOGLE_APPLICATION_CREDENTIALS      a credentials file, where there is no token
//     GCE_METADATA_HOST                   of the metadata server, where there is neither
//     AIPRESS_GCP_PROJECT                 the project, where no --project is given
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "gcp/connection.h"
#include "gcp/credentials.h"
#include "gcp/quota_broker.h"
#include "gcp/transport.h"

namespace aipress::cli {

class GoogleAccess {
public:
    // The clock outlives it. Errors: InvalidArgument, NotFound: of the credentials file.
    [[nodiscard]] static Result<std::unique_ptr<GoogleAccess>> open(Clock& clock);

    [[nodiscard]] gcp::Connection const& connection() const { return *connection_; }
    // Where the credentials come from, for an error's next step.
    [[nodiscard]] std::string const& credentials() const { return credentials_; }

private:
    explicit GoogleAccess(Clock& clock) : quotas_(clock) {}

    gcp::HttpTransport transport_;
    gcp::QuotaBroker quotas_;
    std::unique_ptr<gcp::TokenSource> tokens_;
    std::string credentials_;
    std::unique_ptr<gcp::Connection> connection_;
};

// `given`, else AIPRESS_GCP_PROJECT. Errors: InvalidArgument when there is neither.
[[nodiscard]] Result<std::string> project_value(std::string const& given);

}  // namespace aipress::cli
