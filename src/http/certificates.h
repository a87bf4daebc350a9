// A certificate authority of our own, for a server that answers to other people's names.
//
// Keys: EC P-256. The CA lives for ten years, a leaf for one; both begin a day ago, so that a
// client's clock may be slow. Formats: X.509 v3 (RFC 5280), PEM.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::http {

// A key and what proves it, in PEM.
struct Identity {
    std::string certificate;
    std::string private_key;
};

// Thread safe.
class CertificateAuthority {
public:
    // Loads `folder`/ca.pem and ca.key, or makes them (the key readable by its owner alone).
    // Errors: FailedPrecondition when they are damaged, Unavailable for the disk.
    [[nodiscard]] static Result<CertificateAuthority> open(std::filesystem::path const& folder);
    CertificateAuthority(CertificateAuthority&&) noexcept;
    CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
    ~CertificateAuthority();

    [[nodiscard]] std::string const& certificate() const;
    // For a DNS name or an address. Signed anew each time: keep it.
    [[nodiscard]] Result<Identity> issue(std::string_view name) const;

private:
    struct Impl;
    explicit CertificateAuthority(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::http
