#include "mysql/binlog/payload.h"

#include <optional>
#include <string>

#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/compression.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::uint64_t kHeaderEnd = 0;
constexpr std::uint64_t kPayloadSizeField = 1;
constexpr std::uint64_t kCompressionField = 2;
constexpr std::uint64_t kUnpackedSizeField = 3;

constexpr std::uint64_t kZstd = 0;
constexpr std::uint64_t kNone = 255;

struct PayloadHeader {
    std::optional<std::uint64_t> payload_size;
    std::optional<std::uint64_t> unpacked_size;
    std::uint64_t compression = kNone;
};

// Fields of (type, length, value), each a packed number, up to a type of 0.
Result<PayloadHeader> read_payload_header(ByteReader& reader) {
    PayloadHeader header;
    while (true) {
        std::uint64_t const type = TRY(reader.read_packed_length());
        if (type == kHeaderEnd) return header;
        ByteReader value(TRY(reader.read_bytes(TRY(reader.read_packed_length()))));
        // Fields of later versions are skipped by their length, as the server does.
        if (type == kPayloadSizeField) header.payload_size = TRY(value.read_packed_length());
        if (type == kCompressionField) header.compression = TRY(value.read_packed_length());
        if (type == kUnpackedSizeField) header.unpacked_size = TRY(value.read_packed_length());
    }
}

}  // namespace

Result<std::vector<std::byte>> unpack_payload(std::span<std::byte const> body) {
    ByteReader reader(body);
    PayloadHeader const header = TRY(read_payload_header(reader));
    auto const packed = reader.rest();
    if (header.payload_size && *header.payload_size != packed.size()) {
        return malformed("a transaction payload differs from its size");
    }
    if (header.compression == kNone) return std::vector<std::byte>(packed.begin(), packed.end());
    if (header.compression != kZstd) {
        return Error(ErrorCode::Unimplemented,
                     "transaction payload compression " + std::to_string(header.compression));
    }
    auto unpacked = TRY(unpack_zstd(packed));
    if (header.unpacked_size && *header.unpacked_size != unpacked.size()) {
        return malformed("a transaction payload unpacks to another size");
    }
    return unpacked;
}

}  // namespace aipress::mysql::binlog
