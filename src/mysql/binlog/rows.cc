#include "mysql/binlog/rows.h"

#include <algorithm>
#include <utility>

#include "mysql/binlog/column_value.h"
#include "mysql/binlog/compression.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::uint64_t kStatementEndFlag = 0x0001;
constexpr std::uint64_t kPartialJsonOption = 0x01;

class Bitmap {
public:
    Bitmap() = default;
    explicit Bitmap(std::span<std::byte const> bytes) : bytes_(bytes) {}
    [[nodiscard]] bool test(std::size_t index) const {
        return (std::to_integer<unsigned>(bytes_[index / 8]) >> (index % 8) & 1U) != 0;
    }

private:
    std::span<std::byte const> bytes_;
};

Result<Bitmap> read_bitmap(ByteReader& reader, std::size_t bit_count) {
    return Bitmap(TRY(reader.read_bytes((bit_count + 7) / 8)));
}

// Which columns an image holds.
struct PresentColumns {
    Bitmap bitmap;
    std::size_t count = 0;
};

Result<PresentColumns> read_present_columns(ByteReader& reader, std::size_t column_count) {
    PresentColumns present{TRY(read_bitmap(reader, column_count))};
    for (std::size_t column = 0; column < column_count; ++column) {
        if (present.bitmap.test(column)) ++present.count;
    }
    return present;
}

enum class JsonIn { Full, Parts };

class RowReader {
public:
    RowReader(TableMap const& table, TableInterest const& interest, std::size_t& cells_left)
        : interest_(interest), cells_left_(cells_left) {
        for (std::size_t column = 0; column < table.types.size(); ++column) {
            types_.push_back(stored_type(table.types[column], table.metadata[column]));
        }
    }

    [[nodiscard]] std::size_t column_count() const { return types_.size(); }

    Result<RowImage> read_image(ByteReader& reader, PresentColumns const& present, JsonIn json) {
        if (types_.size() > cells_left_) {
            return Error(ErrorCode::ResourceExhausted, "too many rows in one binary log event");
        }
        cells_left_ -= types_.size();
        // One bit for each column that is there, not for each of the table.
        Bitmap const nulls = TRY(read_bitmap(reader, present.count));
        RowImage image(types_.size());
        std::size_t present_index = 0;
        for (std::size_t column = 0; column < types_.size(); ++column) {
            if (!present.bitmap.test(column)) continue;
            bool const is_null = nulls.test(present_index++);
            TRY(read_column(reader, column, is_null ? Stored::Null : Stored::Value, json,
                            image[column]));
        }
        return image;
    }

    // PARTIAL_UPDATE_ROWS puts options in front of every after image.
    Result<JsonIn> read_value_options(ByteReader& reader) {
        std::uint64_t const options = TRY(reader.read_packed_length());
        if ((options & ~kPartialJsonOption) != 0) {
            return Error(ErrorCode::Unimplemented, "unknown options of a partial update");
        }
        if (options == 0) return JsonIn::Full;
        auto const json_columns = std::ranges::count(types_, FieldType::Json, &StoredType::type);
        TRY(read_bitmap(reader, static_cast<std::size_t>(json_columns)));
        return JsonIn::Parts;
    }

private:
    enum class Stored { Null, Value };

    [[nodiscard]] bool is_wanted(std::size_t column) const {
        if (interest_.columns.empty()) return true;
        return column < interest_.columns.size() && interest_.columns[column];
    }

    Result<void> read_column(ByteReader& reader, std::size_t column, Stored stored, JsonIn json,
                             ColumnValue& value) const {
        StoredType const type = types_[column];
        if (stored == Stored::Null) {
            if (is_wanted(column)) value.kind = ColumnValue::Kind::Null;
            return {};
        }
        auto const bytes = TRY(take_stored(reader, type));
        // A list of changes to a document is not its value; it is framed like one, though.
        bool const is_whole = type.type != FieldType::Json || json == JsonIn::Full;
        if (is_wanted(column) && is_whole) value = TRY(decode_stored(bytes, type));
        return {};
    }

    std::vector<StoredType> types_;
    TableInterest const& interest_;
    std::size_t& cells_left_;
};

// The columns of the before and of the after image; the one that a kind lacks is empty.
struct Images {
    std::optional<PresentColumns> before;
    std::optional<PresentColumns> after;

    [[nodiscard]] bool are_empty() const {
        return (!before || before->count == 0) && (!after || after->count == 0);
    }
};

Result<Images> read_images(ByteReader& reader, RowsKind kind, std::size_t column_count) {
    Images images;
    if (kind != RowsKind::Insert) images.before = TRY(read_present_columns(reader, column_count));
    if (kind != RowsKind::Delete) images.after = TRY(read_present_columns(reader, column_count));
    return images;
}

Result<RowChange> read_change(ByteReader& reader, RowReader& rows, Images const& images,
                              AfterImage after_image) {
    RowChange change;
    if (images.before) change.before = TRY(rows.read_image(reader, *images.before, JsonIn::Full));
    if (images.after) {
        JsonIn json = JsonIn::Full;
        if (after_image == AfterImage::MayBePartial) json = TRY(rows.read_value_options(reader));
        change.after = TRY(rows.read_image(reader, *images.after, json));
    }
    return change;
}

}  // namespace

std::optional<RowsFormat> rows_format(EventType type) {
    using enum RowsKind;
    using enum RowsVersion;
    auto const packed = RowsPacking::MariaDbCompressed;
    switch (type) {
        case EventType::WriteRowsV1:
            return RowsFormat{Insert, V1};
        case EventType::UpdateRowsV1:
            return RowsFormat{Update, V1};
        case EventType::DeleteRowsV1:
            return RowsFormat{Delete, V1};
        case EventType::WriteRowsV2:
            return RowsFormat{Insert, V2};
        case EventType::UpdateRowsV2:
            return RowsFormat{Update, V2};
        case EventType::DeleteRowsV2:
            return RowsFormat{Delete, V2};
        case EventType::PartialUpdateRows:
            return RowsFormat{Update, V2, RowsPacking::Plain, AfterImage::MayBePartial};
        case EventType::MariaDbWriteRowsCompressedV1:
            return RowsFormat{Insert, V1, packed};
        case EventType::MariaDbUpdateRowsCompressedV1:
            return RowsFormat{Update, V1, packed};
        case EventType::MariaDbDeleteRowsCompressedV1:
            return RowsFormat{Delete, V1, packed};
        case EventType::MariaDbWriteRowsCompressed:
            return RowsFormat{Insert, V2, packed};
        case EventType::MariaDbUpdateRowsCompressed:
            return RowsFormat{Update, V2, packed};
        case EventType::MariaDbDeleteRowsCompressed:
            return RowsFormat{Delete, V2, packed};
        default:
            return std::nullopt;
    }
}

Result<RowsHeader> read_rows_header(ByteReader& reader, RowsFormat const& format,
                                    std::size_t table_id_width) {
    RowsHeader header;
    header.table_id = TRY(reader.read_little_endian(table_id_width));
    header.ends_statement = (TRY(reader.read_little_endian(2)) & kStatementEndFlag) != 0;
    if (format.version == RowsVersion::V2) {
        std::uint64_t const extra_size = TRY(reader.read_little_endian(2));
        if (extra_size < 2) return malformed("extra data of less than its own length");
        TRY(reader.skip(extra_size - 2));
    }
    return header;
}

Result<std::vector<RowChange>> read_row_changes(ByteReader& reader, RowsFormat const& format,
                                                TableMap const& table,
                                                TableInterest const& interest,
                                                std::size_t& cells_left) {
    RowReader rows(table, interest, cells_left);
    if (TRY(reader.read_packed_length()) != rows.column_count()) {
        return malformed("row event and table map differ in columns");
    }
    Images const images = TRY(read_images(reader, format.kind, rows.column_count()));

    std::vector<std::byte> unpacked;
    std::span<std::byte const> data = reader.rest();
    if (format.packing == RowsPacking::MariaDbCompressed) {
        unpacked = TRY(unpack_mariadb_event(data));
        data = unpacked;
    }
    ByteReader changes_reader(data);
    std::vector<RowChange> changes;
    // A row without columns takes no bytes: MINIMAL logs INSERT ... VALUES () like that.
    if (images.are_empty()) {
        changes.push_back(TRY(read_change(changes_reader, rows, images, format.after_image)));
        if (!changes_reader.at_end()) return malformed("bytes behind rows without columns");
        return changes;
    }
    while (!changes_reader.at_end()) {
        changes.push_back(TRY(read_change(changes_reader, rows, images, format.after_image)));
    }
    return changes;
}

}  // namespace aipress::mysql::binlog
