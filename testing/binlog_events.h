// Binary log events made by hand, for tests of their decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace aipress::testing {

using Bytes = std::vector<std::byte>;

// Appends to a body, little endian.
class BodyBuilder {
public:
    BodyBuilder& number(std::uint64_t value, std::size_t width);
    BodyBuilder& text(std::string_view text);
    BodyBuilder& bytes(std::initializer_list<unsigned> values);
    BodyBuilder& bytes(std::span<std::byte const> values);
    [[nodiscard]] Bytes const& body() const { return body_; }

private:
    Bytes body_;
};

enum class Checksums { Off, Crc32 };

struct EventFields {
    std::uint8_t type = 0;
    std::uint32_t timestamp = 1'600'000'000;
    std::uint32_t server_id = 7;
    std::uint32_t end_offset = 1000;
    std::uint16_t flags = 0;
};

// Header, body and, with Crc32, the right checksum.
[[nodiscard]] Bytes make_event(EventFields const& fields, Bytes const& body, Checksums checksums);

// Of a server of that version, with the post-header lengths of today.
[[nodiscard]] Bytes make_format_description(std::string_view version, Checksums checksums);

// TABLE_MAP without the optional metadata.
struct ColumnFields {
    std::uint8_t type = 0;
    std::vector<unsigned> metadata = {};
};
[[nodiscard]] Bytes make_table_map_body(std::uint64_t id, std::string_view schema,
                                        std::string_view table,
                                        std::vector<ColumnFields> const& columns);

// MariaDB's packing of query texts and rows.
[[nodiscard]] Bytes mariadb_compressed(Bytes const& bytes);

}  // namespace aipress::testing
