// RSA keys, those of service accounts above all, and what is signed with them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace aipress::http {

// Immutable, hence thread safe.
class RsaKey {
public:
    // Takes some tenths of a second: not for a transaction. Errors: Internal.
    [[nodiscard]] static Result<RsaKey> generate(unsigned bits);
    // Errors: InvalidArgument when it is no PKCS#8 RSA key.
    [[nodiscard]] static Result<RsaKey> from_private_pem(std::string_view pem);

    RsaKey(RsaKey&&) noexcept;
    RsaKey& operator=(RsaKey&&) noexcept;
    ~RsaKey();

    // "-----BEGIN PRIVATE KEY-----": PKCS#8. Errors: Internal, as of all below.
    [[nodiscard]] Result<std::string> private_pem() const;
    // "-----BEGIN PUBLIC KEY-----": SubjectPublicKeyInfo.
    [[nodiscard]] Result<std::string> public_pem() const;
    // The public key as a certificate of its own, as Google hands it out.
    [[nodiscard]] Result<std::string> certificate_pem(std::string const& common_name,
                                                      WallTime from) const;
    // SHA-1 of the public key in 40 hexadecimal digits: what Google's key ids look like.
    [[nodiscard]] Result<std::string> fingerprint() const;
    // RSASSA-PKCS1-v1_5 with SHA-256: "RS256" (RFC 7518, 3.3).
    [[nodiscard]] Result<std::string> sign(std::string_view bytes) const;

private:
    struct Impl;
    explicit RsaKey(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Whether `signature` is one of sign(), by the key of `public_pem`.
[[nodiscard]] bool is_signed_by(std::string_view public_pem, std::string_view bytes,
                                std::string_view signature);

}  // namespace aipress::http
