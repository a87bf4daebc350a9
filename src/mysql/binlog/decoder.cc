#include "mysql/binlog/decoder.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <string>
#include <unordered_map>
#include <utility>

#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/compression.h"
#include "mysql/binlog/event_header.h"
#include "mysql/binlog/event_type.h"
#include "mysql/binlog/format_description.h"
#include "mysql/binlog/payload.h"
#include "mysql/binlog/rows.h"
#include "mysql/binlog/table_map.h"

namespace aipress::mysql::binlog {

namespace {

// Limits of what one call may make in memory; real events stay far below.
constexpr std::size_t kMaxCells = std::size_t{1} << 25U;
constexpr std::size_t kMaxTablesOfStatement = 4096;

// MariaDB and MySQL put this id on the row event that only ends a statement.
constexpr std::uint64_t kDummyTableId = 0xffffff;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, {}, [](char letter) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    });
}

// Servers log these two words, and no others, where a transaction ends without an XID.
bool ends_transaction(std::string_view text) {
    return equals_ignoring_case(text, "commit") || equals_ignoring_case(text, "rollback");
}

bool is_skipped(EventHeader const& header) {
    switch (header.type) {
        case EventType::Stop:
        case EventType::IntVar:
        case EventType::Rand:
        case EventType::UserVar:
        case EventType::Ignorable:
        case EventType::RowsQuery:
        case EventType::Gtid:
        case EventType::AnonymousGtid:
        case EventType::PreviousGtids:
        case EventType::TransactionContext:
        case EventType::ViewChange:
        case EventType::GtidTagged:
        case EventType::MariaDbAnnotateRows:
        case EventType::MariaDbBinlogCheckpoint:
        case EventType::MariaDbGtid:
        case EventType::MariaDbGtidList:
        // A dump thread decrypts; an encrypted file is refused by decode_file.
        case EventType::MariaDbStartEncryption:
            return true;
        default:
            return (header.flags & kFlagIgnorable) != 0;
    }
}

EventBody ignored(EventHeader const& header) {
    return Ignored{static_cast<std::uint8_t>(header.type)};
}

Result<EventBody> decode_rotate(ByteReader& reader) {
    Rotate rotate;
    rotate.offset = TRY(reader.read_little_endian(8));
    rotate.file = as_text(reader.rest());
    if (rotate.file.empty()) return malformed("a ROTATE without a file name");
    return EventBody(std::move(rotate));
}

enum class QueryPacking { Plain, MariaDbCompressed };

Result<EventBody> decode_query(ByteReader& reader, QueryPacking packing) {
    TRY(reader.skip(8));  // session and duration
    std::uint64_t const schema_size = TRY(reader.read_little_endian(1));
    TRY(reader.skip(2));  // error code
    std::uint64_t const variables_size = TRY(reader.read_little_endian(2));
    TRY(reader.skip(variables_size));
    Query query;
    query.schema = TRY(reader.read_text(schema_size));
    if (TRY(reader.read_little_endian(1)) != 0) return malformed("a schema is not terminated");
    if (packing == QueryPacking::MariaDbCompressed) {
        query.text = as_text(TRY(unpack_mariadb_event(reader.rest())));
    } else {
        query.text = as_text(reader.rest());
    }
    if (ends_transaction(query.text)) return EventBody(Commit{});
    return EventBody(std::move(query));
}

// XA COMMIT ... ONE PHASE is logged as a prepare that commits.
Result<EventBody> decode_xa_prepare(ByteReader& reader) {
    if (TRY(reader.read_little_endian(1)) != 0) return EventBody(Commit{});
    return EventBody(XaPrepare{});
}

Error unimplemented_type(EventHeader const& header) {
    return {ErrorCode::Unimplemented,
            fmt::format("binary log event of type {}", static_cast<unsigned>(header.type))};
}

Event make_event(EventHeader const& header, EventBody body) {
    return {header.timestamp, header.server_id, header.end_offset, std::move(body)};
}

}  // namespace

struct Decoder::Impl {
    struct KnownTable {
        std::shared_ptr<TableMap const> map;
        TableInterest interest;
    };

    TableFilter filter;
    FormatDescription format;
    bool format_known = false;
    std::unordered_map<std::uint64_t, KnownTable> tables;  // of the statement being read
    std::size_t cells_left = 0;

    Result<std::vector<Event>> decode(std::span<std::byte const> event);
    // Checks and takes off the checksum.
    Result<std::span<std::byte const>> body_of(std::span<std::byte const> event,
                                               EventHeader const& header) const;
    Result<EventBody> decode_body(EventHeader const& header, std::span<std::byte const> body);
    Result<EventBody> decode_table_map(EventHeader const& header, ByteReader& reader);
    Result<EventBody> decode_rows(EventHeader const& header, RowsFormat const& rows,
                                  ByteReader& reader);
    Result<std::vector<Event>> decode_payload(EventHeader const& outer,
                                              std::span<std::byte const> body);
};

Result<std::vector<Event>> Decoder::Impl::decode(std::span<std::byte const> event) {
    EventHeader const header = TRY(read_event_header(event));
    if (header.size != event.size()) return malformed("its size is not what its header says");
    cells_left = kMaxCells;
    std::vector<Event> events;
    if (header.type == EventType::FormatDescription) {
        format = TRY(read_format_description(event));
        format_known = true;
        tables.clear();
        events.push_back(make_event(header, ignored(header)));
        return events;
    }
    auto const body = TRY(body_of(event, header));
    if (header.type == EventType::TransactionPayload) return decode_payload(header, body);
    events.push_back(make_event(header, TRY(decode_body(header, body))));
    return events;
}

Result<std::span<std::byte const>> Decoder::Impl::body_of(std::span<std::byte const> event,
                                                          EventHeader const& header) const {
    bool const has_room = event.size() >= kEventHeaderSize + kChecksumSize;
    bool has_checksum = format.has_checksums;
    if (!format_known) {
        // A dump begins with a ROTATE made up by the server, in front of the format description.
        if (header.type != EventType::Rotate) {
            return Error(ErrorCode::DataLoss, "binary log event before any format description");
        }
        has_checksum = has_room && checksum_matches(event, header);
    } else if (has_checksum && (!has_room || !checksum_matches(event, header))) {
        return malformed("its checksum does not match");
    }
    auto const body = event.subspan(kEventHeaderSize);
    return has_checksum ? body.first(body.size() - kChecksumSize) : body;
}

Result<EventBody> Decoder::Impl::decode_body(EventHeader const& header,
                                             std::span<std::byte const> body) {
    ByteReader reader(body);
    if (auto const rows = rows_format(header.type)) return decode_rows(header, *rows, reader);
    switch (header.type) {
        case EventType::TableMap:
            return decode_table_map(header, reader);
        case EventType::Rotate:
            return decode_rotate(reader);
        case EventType::Query:
            return decode_query(reader, QueryPacking::Plain);
        case EventType::MariaDbQueryCompressed:
            return decode_query(reader, QueryPacking::MariaDbCompressed);
        case EventType::Xid:
            return EventBody(Commit{});
        case EventType::XaPrepare:
            return decode_xa_prepare(reader);
        case EventType::Heartbeat:
        case EventType::HeartbeatV2:
            return EventBody(Heartbeat{});
        default:
            break;
    }
    if (!is_skipped(header)) return unimplemented_type(header);
    return ignored(header);
}

Result<EventBody> Decoder::Impl::decode_table_map(EventHeader const& header, ByteReader& reader) {
    TableMap table = TRY(read_table_name(reader, format.table_id_width(header.type)));
    TableInterest interest = filter(table.schema, table.table);
    // Columns of tables that nobody wants are not read: they may have types that we do not know.
    if (interest.wanted) TRY(read_table_columns(reader, table));
    if (tables.size() >= kMaxTablesOfStatement) return malformed("too many tables in a statement");
    std::uint64_t const id = table.table_id;
    tables.insert_or_assign(
        id, KnownTable{std::make_shared<TableMap const>(std::move(table)), std::move(interest)});
    return ignored(header);
}

Result<EventBody> Decoder::Impl::decode_rows(EventHeader const& header, RowsFormat const& rows,
                                             ByteReader& reader) {
    RowsHeader const rows_header =
        TRY(read_rows_header(reader, rows, format.table_id_width(header.type)));
    auto const found = tables.find(rows_header.table_id);
    if (found == tables.end()) {
        if (rows_header.table_id == kDummyTableId && rows_header.ends_statement)
            return ignored(header);
        return malformed(fmt::format("rows of table id {} without its map", rows_header.table_id));
    }
    KnownTable const known = found->second;
    // Table ids are used again for other tables: a statement's maps end with it.
    if (rows_header.ends_statement) tables.clear();
    if (!known.interest.wanted) return ignored(header);
    auto changes = read_row_changes(reader, rows, *known.map, known.interest, cells_left);
    if (!changes.ok()) {
        return changes.release_error().in_context(known.map->schema + "." + known.map->table);
    }
    return EventBody(Rows{rows.kind, known.map, changes.release(), rows_header.ends_statement});
}

Result<std::vector<Event>> Decoder::Impl::decode_payload(EventHeader const& outer,
                                                         std::span<std::byte const> body) {
    auto const unpacked = TRY(unpack_payload(body));
    ByteReader reader(unpacked);
    std::vector<Event> events;
    while (!reader.at_end()) {
        EventHeader header = TRY(read_event_header(reader.rest()));
        auto const inner = TRY(reader.read_bytes(header.size)).subspan(kEventHeaderSize);
        header.end_offset = outer.end_offset;
        events.push_back(make_event(header, TRY(decode_body(header, inner))));
    }
    // Never an empty answer.
    if (events.empty()) {
        events.push_back(make_event(outer, ignored(outer)));
    }
    return events;
}

Decoder::Decoder(TableFilter filter) : impl_(std::make_unique<Impl>()) {
    impl_->filter = std::move(filter);
}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<std::vector<Event>> Decoder::decode(std::span<std::byte const> event) {
    return impl_->decode(event);
}

bool Decoder::in_statement() const {
    return !impl_->tables.empty();
}

}  // namespace aipress::mysql::binlog
