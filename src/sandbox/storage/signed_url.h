// URLs that somebody with a service account's key has signed for others to use.
// V4: https://cloud.google.com/storage/docs/authentication/signatures
// V2: https://cloud.google.com/storage/docs/access-control/signed-urls-v2
#pragma once

#include <string>

#include "http/request.h"
#include "sandbox/outcome.h"
#include "sandbox/store.h"

namespace aipress::sandbox {

// Whether the URL claims to be signed.
[[nodiscard]] bool is_signed_url(http::Request const& request);

// The e-mail address of the service account that signed this very request, by a key that IAM knows
// and has not disabled. `bucket`: the one that is named. Errors, of the XML API's: ExpiredToken,
// SignatureDoesNotMatch, MalformedSecurityHeader, InvalidSecurity for an account that is not there.
// REQUIRES: is_signed_url().
[[nodiscard]] Outcome<std::string> signer_of(http::Request const& request,
                                             std::string const& bucket, Store const& store,
                                             WallTime now);

}  // namespace aipress::sandbox
