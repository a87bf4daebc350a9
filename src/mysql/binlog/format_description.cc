#include "mysql/binlog/format_description.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>

#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/event_header.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::size_t kServerVersionSize = 50;
constexpr std::uint64_t kChecksumOff = 0;
constexpr std::uint64_t kChecksumCrc32 = 1;

// "10.11.19-MariaDB-log", "8.0.28"; MariaDB may put "5.5.5-" in front for old replicas.
bool knows_checksums(std::string_view version) {
    unsigned parts[3] = {0, 0, 0};
    char const* at = version.data();
    char const* const end = at + version.size();
    for (unsigned& part : parts) {
        at = std::from_chars(at, end, part).ptr;
        if (at == end || *at != '.') break;
        ++at;
    }
    auto const number = std::tuple(parts[0], parts[1], parts[2]);
    bool const is_mariadb = version.find("MariaDB") != std::string_view::npos;
    return number >= (is_mariadb ? std::tuple(5U, 3U, 0U) : std::tuple(5U, 6U, 1U));
}

}  // namespace

std::size_t FormatDescription::table_id_width(EventType type) const {
    std::size_t const index = static_cast<std::size_t>(type) - 1;
    bool const is_short = index < post_header_lengths.size() && post_header_lengths[index] == 6;
    return is_short ? 4 : 6;
}

Result<FormatDescription> read_format_description(std::span<std::byte const> event) {
    EventHeader const header = TRY(read_event_header(event));
    ByteReader reader(event.subspan(kEventHeaderSize));
    FormatDescription format;
    if (std::uint64_t const version = TRY(reader.read_little_endian(2)); version != 4) {
        return Error(ErrorCode::Unimplemented,
                     "binary log format " + std::to_string(version) + " (only 4 is known)");
    }
    auto const padded = TRY(reader.read_text(kServerVersionSize));
    format.server_version = padded.substr(0, padded.find('\0'));
    TRY(reader.skip(4));  // when the file was made
    if (TRY(reader.read_little_endian(1)) != kEventHeaderSize) {
        return malformed("event headers are not 19 bytes");
    }

    auto lengths = reader.rest();
    if (knows_checksums(format.server_version)) {
        if (lengths.size() < 1 + kChecksumSize) return malformed("no checksum algorithm");
        lengths = lengths.first(lengths.size() - kChecksumSize);
        auto const algorithm = std::to_integer<std::uint64_t>(lengths.back());
        if (algorithm != kChecksumOff && algorithm != kChecksumCrc32) {
            return Error(ErrorCode::Unimplemented,
                         "binary log checksum algorithm " + std::to_string(algorithm));
        }
        format.has_checksums = algorithm == kChecksumCrc32;
        // A server that leaves checksums off for us changes the algorithm without correcting the
        // checksum of this event.
        if (format.has_checksums && !checksum_matches(event, header)) {
            return malformed("checksum of the format description does not match");
        }
        lengths = lengths.first(lengths.size() - 1);
    }
    std::ranges::transform(lengths, std::back_inserter(format.post_header_lengths),
                           [](std::byte length) { return std::to_integer<std::uint8_t>(length); });
    return format;
}

}  // namespace aipress::mysql::binlog
