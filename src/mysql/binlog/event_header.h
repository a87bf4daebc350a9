// The 19 bytes in front of every event, and the checksum behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "mysql/binlog/event_type.h"

namespace aipress::mysql::binlog {

inline constexpr std::size_t kEventHeaderSize = 19;
inline constexpr std::size_t kChecksumSize = 4;

struct EventHeader {
    std::uint32_t timestamp = 0;
    EventType type{};
    std::uint32_t server_id = 0;
    std::uint32_t size = 0;        // header, body and checksum
    std::uint32_t end_offset = 0;  // low 32 bits; 0 for artificial events
    std::uint16_t flags = 0;
};

// Errors: DataLoss when there are fewer than 19 bytes or the size cannot be.
[[nodiscard]] Result<EventHeader> read_event_header(std::span<std::byte const> event);

// Do the last 4 bytes hold the CRC32 of those before? REQUIRES: room for a header and a checksum.
[[nodiscard]] bool checksum_matches(std::span<std::byte const> event, EventHeader const& header);

}  // namespace aipress::mysql::binlog
