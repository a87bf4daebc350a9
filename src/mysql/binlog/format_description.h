// FORMAT_DESCRIPTION: the first event of every file says how the others are laid out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "mysql/binlog/event_type.h"

namespace aipress::mysql::binlog {

struct FormatDescription {
    std::string server_version;
    // Do the events that follow end in a CRC32?
    bool has_checksums = false;
    // By event type - 1; what a server's version does not know is beyond its end.
    std::vector<std::uint8_t> post_header_lengths;

    // TABLE_MAP and rows events name their table in 4 bytes (before MySQL 5.1.4) or in 6.
    [[nodiscard]] std::size_t table_id_width(EventType type) const;
};

// `event` is the whole event. It has a checksum itself whenever the version knows of them (MySQL
// 5.6.1, MariaDB 5.3), but that counts only when it announces them; then it is verified here.
// Errors: DataLoss; Unimplemented for a format other than 4 or an unknown checksum algorithm.
[[nodiscard]] Result<FormatDescription> read_format_description(std::span<std::byte const> event);

}  // namespace aipress::mysql::binlog
