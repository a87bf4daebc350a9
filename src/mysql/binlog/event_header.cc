#include "mysql/binlog/event_header.h"

#include <zlib.h>

#include "mysql/binlog/byte_reader.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::size_t kFlagsOffset = 17;

uLong add_to_crc32(uLong crc, std::span<std::byte const> bytes) {
    return crc32_z(crc, reinterpret_cast<Bytef const*>(bytes.data()), bytes.size());
}

}  // namespace

Result<EventHeader> read_event_header(std::span<std::byte const> event) {
    ByteReader reader(event);
    EventHeader header;
    header.timestamp = static_cast<std::uint32_t>(TRY(reader.read_little_endian(4)));
    header.type = static_cast<EventType>(TRY(reader.read_little_endian(1)));
    header.server_id = static_cast<std::uint32_t>(TRY(reader.read_little_endian(4)));
    header.size = static_cast<std::uint32_t>(TRY(reader.read_little_endian(4)));
    header.end_offset = static_cast<std::uint32_t>(TRY(reader.read_little_endian(4)));
    header.flags = static_cast<std::uint16_t>(TRY(reader.read_little_endian(2)));
    if (header.size < kEventHeaderSize) return malformed("its size is less than its header's");
    return header;
}

bool checksum_matches(std::span<std::byte const> event, EventHeader const& header) {
    ASSERT(event.size() >= kEventHeaderSize + kChecksumSize);
    auto const covered = event.first(event.size() - kChecksumSize);
    auto const stored = little_endian(event.last(kChecksumSize));
    // The server sets the in-use flag of an open file's first event behind the checksum's back.
    auto flags_low = covered[kFlagsOffset];
    if (header.type == EventType::FormatDescription) {
        flags_low &= ~static_cast<std::byte>(kFlagBinlogInUse);
    }
    uLong crc = add_to_crc32(0, covered.first(kFlagsOffset));
    crc = add_to_crc32(crc, {&flags_low, 1});
    crc = add_to_crc32(crc, covered.subspan(kFlagsOffset + 1));
    return crc == stored;
}

}  // namespace aipress::mysql::binlog
