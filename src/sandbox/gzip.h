// Content-Encoding: gzip (RFC 1952).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::sandbox {

[[nodiscard]] std::string compress_gzip(std::string_view bytes);
// Errors: InvalidArgument when it is none, ResourceExhausted past `most` bytes.
[[nodiscard]] Result<std::string> decompress_gzip(std::string_view compressed, std::size_t most);

// The plain bytes of a gzip file, piece by piece in bounded memory. Not thread safe.
class GzipReader {
public:
    // Fills at most the buffer, at least one byte; 0 at the end.
    using Source = std::function<Result<std::size_t>(std::span<char>)>;
    explicit GzipReader(Source compressed);
    GzipReader(GzipReader&&) noexcept;
    ~GzipReader();

    // Likewise. Errors: those of the source; InvalidArgument when it is no gzip or breaks off.
    Result<std::size_t> read(std::span<char> buffer);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::sandbox
