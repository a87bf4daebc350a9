// Reads numbers and bytes off the front of a buffer. Never reads past its end: that is DataLoss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::mysql::binlog {

[[nodiscard]] inline Error malformed(std::string_view what) {
    return {ErrorCode::DataLoss, "malformed binary log event: " + std::string(what)};
}

class ByteReader {
public:
    explicit ByteReader(std::span<std::byte const> bytes) : rest_(bytes) {}

    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::span<std::byte const> rest() const { return rest_; }

    Result<std::span<std::byte const>> read_bytes(std::uint64_t count);
    Result<std::string_view> read_text(std::uint64_t count);
    Result<void> skip(std::uint64_t count);
    // REQUIRES: width <= 8.
    Result<std::uint64_t> read_little_endian(std::size_t width);
    // 1, 3, 4 or 9 bytes ("length encoded integer" of the client protocol).
    Result<std::uint64_t> read_packed_length();

private:
    std::span<std::byte const> rest_;
};

[[nodiscard]] std::uint64_t little_endian(std::span<std::byte const> bytes);
[[nodiscard]] std::uint64_t big_endian(std::span<std::byte const> bytes);
[[nodiscard]] inline std::string_view as_text(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace aipress::mysql::binlog
