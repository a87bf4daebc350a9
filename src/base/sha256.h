// SHA-256 (FIPS 180-4).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace aipress {

// Of bytes that come piece by piece. Not thread safe.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void add(std::string_view bytes);
    // In 64 hexadecimal digits. Nothing is added afterwards.
    [[nodiscard]] std::string hex();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace aipress
