#include "mysql/binlog/table_map.h"

#include "mysql/binlog/column_value.h"

namespace aipress::mysql::binlog {

namespace {

Result<std::string> read_name(ByteReader& reader) {
    std::string name(TRY(reader.read_text(TRY(reader.read_packed_length()))));
    if (TRY(reader.read_little_endian(1)) != 0) return malformed("a name is not terminated");
    return name;
}

// ENUM, SET and STRING: real type first. The others: a little endian number.
Result<std::uint16_t> read_metadata(ByteReader& reader, std::uint8_t type) {
    auto const bytes = TRY(reader.read_bytes(TRY(metadata_size(type))));
    switch (static_cast<FieldType>(type)) {
        case FieldType::String:
        case FieldType::Enum:
        case FieldType::Set:
            return static_cast<std::uint16_t>(big_endian(bytes));
        default:
            return static_cast<std::uint16_t>(little_endian(bytes));
    }
}

}  // namespace

Result<TableMap> read_table_name(ByteReader& reader, std::size_t table_id_width) {
    TableMap table;
    table.table_id = TRY(reader.read_little_endian(table_id_width));
    TRY(reader.skip(2));  // flags
    table.schema = TRY(read_name(reader));
    table.table = TRY(read_name(reader));
    return table;
}

Result<void> read_table_columns(ByteReader& reader, TableMap& table) {
    std::uint64_t const count = TRY(reader.read_packed_length());
    if (count < 1 || count > kMaxColumns) return malformed("impossible number of columns");
    for (std::byte const type : TRY(reader.read_bytes(count))) {
        table.types.push_back(std::to_integer<std::uint8_t>(type));
    }
    ByteReader metadata(TRY(reader.read_bytes(TRY(reader.read_packed_length()))));
    for (std::uint8_t const type : table.types) {
        table.metadata.push_back(TRY(read_metadata(metadata, type)));
    }
    if (!metadata.at_end()) return malformed("more metadata than columns");
    TRY(reader.skip((count + 7) / 8));  // which columns can be NULL
    return {};
}

}  // namespace aipress::mysql::binlog
