// One TLS context for each name that clients ask for. Internal to the server.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/certificates.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace aipress::http {

// Thread safe.
class TlsContexts {
public:
    // The authority outlives it.
    explicit TlsContexts(CertificateAuthority const& authority) : authority_(authority) {}

    // Its clients that name another host (SNI) get that one's certificate.
    [[nodiscard]] Result<std::shared_ptr<ssl_ctx_st>> for_name(std::string_view name);

private:
    CertificateAuthority const& authority_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<ssl_ctx_st>, std::less<>> contexts_;
};

}  // namespace aipress::http
