#include "testing/binlog_events.h"

#include <zlib.h>

#include "base/assert.h"

namespace aipress::testing {

BodyBuilder& BodyBuilder::number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) body_.push_back(static_cast<std::byte>(value >> 8 * i));
    return *this;
}

BodyBuilder& BodyBuilder::text(std::string_view text) {
    for (char const letter : text) body_.push_back(static_cast<std::byte>(letter));
    return *this;
}

BodyBuilder& BodyBuilder::bytes(std::initializer_list<unsigned> values) {
    for (unsigned const value : values) body_.push_back(static_cast<std::byte>(value));
    return *this;
}

BodyBuilder& BodyBuilder::bytes(std::span<std::byte const> values) {
    body_.insert(body_.end(), values.begin(), values.end());
    return *this;
}

Bytes make_event(EventFields const& fields, Bytes const& body, Checksums checksums) {
    std::size_t const size = 19 + body.size() + (checksums == Checksums::Crc32 ? 4 : 0);
    BodyBuilder event;
    event.number(fields.timestamp, 4).number(fields.type, 1).number(fields.server_id, 4);
    event.number(size, 4).number(fields.end_offset, 4).number(fields.flags, 2).bytes(body);
    if (checksums == Checksums::Off) return event.body();
    auto const* data = reinterpret_cast<Bytef const*>(event.body().data());
    return event.number(crc32_z(0, data, event.body().size()), 4).body();
}

Bytes make_format_description(std::string_view version, Checksums checksums) {
    BodyBuilder body;
    body.number(4, 2).text(version).number(0, 8);
    while (body.body().size() < 2 + 50) body.number(0, 1);
    body.number(0, 4).number(19, 1);
    for (unsigned type = 1; type <= 42; ++type) body.number(type == 19 ? 8 : 10, 1);
    body.number(checksums == Checksums::Crc32 ? 1 : 0, 1);
    // A checksum is always there.
    return make_event({.type = 15}, body.body(), Checksums::Crc32);
}

Bytes make_table_map_body(std::uint64_t id, std::string_view schema, std::string_view table,
                          std::vector<ColumnFields> const& columns) {
    BodyBuilder body;
    body.number(id, 6).number(1, 2);
    body.number(schema.size(), 1).text(schema).number(0, 1);
    body.number(table.size(), 1).text(table).number(0, 1);
    ASSERT(columns.size() < 251);
    body.number(columns.size(), 1);
    BodyBuilder metadata;
    for (ColumnFields const& column : columns) {
        body.number(column.type, 1);
        for (unsigned const byte : column.metadata) metadata.number(byte, 1);
    }
    body.number(metadata.body().size(), 1).bytes(metadata.body());
    for (std::size_t i = 0; i < (columns.size() + 7) / 8; ++i) body.number(0xff, 1);
    return body.body();
}

Bytes mariadb_compressed(Bytes const& bytes) {
    uLongf size = compressBound(bytes.size());
    Bytes packed(size);
    int const code =
        compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                 reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uLong>(bytes.size()));
    ASSERT(code == Z_OK);
    packed.resize(size);
    BodyBuilder result;
    result.number(0x82, 1).number(bytes.size() >> 8U, 1).number(bytes.size() & 0xffU, 1);
    return result.bytes(packed).body();
}

}  // namespace aipress::testing
