// Row events: WRITE, UPDATE and DELETE, in every version and packing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/decoder.h"
#include "mysql/binlog/event.h"
#include "mysql/binlog/event_type.h"

namespace aipress::mysql::binlog {

enum class RowsPacking { Plain, MariaDbCompressed };
enum class AfterImage { Whole, MayBePartial };  // PARTIAL_UPDATE_ROWS: JSON as a list of changes
enum class RowsVersion { V1, V2 };              // V2 has extra data in front of the columns

struct RowsFormat {
    RowsKind kind = RowsKind::Insert;
    RowsVersion version = RowsVersion::V1;
    RowsPacking packing = RowsPacking::Plain;
    AfterImage after_image = AfterImage::Whole;
};

// nullopt when the type is no row event (or one from before MySQL 5.1's release).
[[nodiscard]] std::optional<RowsFormat> rows_format(EventType type);

struct RowsHeader {
    std::uint64_t table_id = 0;
    bool ends_statement = false;
};

[[nodiscard]] Result<RowsHeader> read_rows_header(ByteReader& reader, RowsFormat const& format,
                                                  std::size_t table_id_width);

// Everything behind the header. `cells_left` bounds what all rows of one event may grow to in
// memory and is counted down; past it: ResourceExhausted.
[[nodiscard]] Result<std::vector<RowChange>> read_row_changes(ByteReader& reader,
                                                              RowsFormat const& format,
                                                              TableMap const& table,
                                                              TableInterest const& interest,
                                                              std::size_t& cells_left);

}  // namespace aipress::mysql::binlog
