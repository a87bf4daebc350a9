#include "mysql/binlog/byte_reader.h"

namespace aipress::mysql::binlog {

Result<std::span<std::byte const>> ByteReader::read_bytes(std::uint64_t count) {
    if (count > rest_.size()) return malformed("it ends too early");
    auto const bytes = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    return bytes;
}

Result<std::string_view> ByteReader::read_text(std::uint64_t count) {
    return as_text(TRY(read_bytes(count)));
}

Result<void> ByteReader::skip(std::uint64_t count) {
    TRY(read_bytes(count));
    return {};
}

Result<std::uint64_t> ByteReader::read_little_endian(std::size_t width) {
    ASSERT(width <= 8);
    return little_endian(TRY(read_bytes(width)));
}

Result<std::uint64_t> ByteReader::read_packed_length() {
    std::uint64_t const first = TRY(read_little_endian(1));
    switch (first) {
        case 251:
            return malformed("NULL in place of a length");
        case 252:
            return read_little_endian(2);
        case 253:
            return read_little_endian(3);
        case 254:
            return read_little_endian(8);
        case 255:
            return malformed("0xff in place of a length");
        default:
            return first;
    }
}

std::uint64_t little_endian(std::span<std::byte const> bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
    }
    return value;
}

std::uint64_t big_endian(std::span<std::byte const> bytes) {
    std::uint64_t value = 0;
    for (std::byte const byte : bytes) value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return value;
}

}  // namespace aipress::mysql::binlog
