// The two checksums of an object's bytes, in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aipress::http {

// Not thread safe.
class Checksums {
public:
    Checksums();
    Checksums(Checksums&&) noexcept;
    Checksums& operator=(Checksums&&) noexcept;
    ~Checksums();

    void add(std::string_view bytes);
    // Both as Cloud Storage writes them: base64, CRC32C big-endian. Nothing is added afterwards.
    [[nodiscard]] std::string md5();
    [[nodiscard]] std::string crc32c() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// CRC-32C (Castagnoli), RFC 3720, appendix B.4.
[[nodiscard]] std::uint32_t crc32c_of(std::string_view bytes);
// The same, as a processor without an instruction for it does it.
[[nodiscard]] std::uint32_t portable_crc32c_of(std::string_view bytes);

}  // namespace aipress::http
