// Numbers of the format: event types, header flags, column types.
// Sources: MySQL libbinlogevents/include/binlog_event.h, MariaDB sql/log_event.h,
// MySQL include/field_types.h, MariaDB include/mysql_com.h.
#pragma once

#include <cstdint>

namespace aipress::mysql::binlog {

enum class EventType : std::uint8_t {
    Query = 2,
    Stop = 3,
    Rotate = 4,
    IntVar = 5,
    Rand = 13,
    UserVar = 14,
    FormatDescription = 15,
    Xid = 16,
    TableMap = 19,
    WriteRowsV1 = 23,
    UpdateRowsV1 = 24,
    DeleteRowsV1 = 25,
    Incident = 26,
    Heartbeat = 27,
    Ignorable = 28,
    RowsQuery = 29,
    WriteRowsV2 = 30,
    UpdateRowsV2 = 31,
    DeleteRowsV2 = 32,
    Gtid = 33,
    AnonymousGtid = 34,
    PreviousGtids = 35,
    TransactionContext = 36,
    ViewChange = 37,
    XaPrepare = 38,
    PartialUpdateRows = 39,
    TransactionPayload = 40,
    HeartbeatV2 = 41,
    GtidTagged = 42,
    MariaDbAnnotateRows = 160,
    MariaDbBinlogCheckpoint = 161,
    MariaDbGtid = 162,
    MariaDbGtidList = 163,
    MariaDbStartEncryption = 164,
    MariaDbQueryCompressed = 165,
    MariaDbWriteRowsCompressedV1 = 166,
    MariaDbUpdateRowsCompressedV1 = 167,
    MariaDbDeleteRowsCompressedV1 = 168,
    MariaDbWriteRowsCompressed = 169,
    MariaDbUpdateRowsCompressed = 170,
    MariaDbDeleteRowsCompressed = 171,
};

inline constexpr std::uint16_t kFlagBinlogInUse = 0x01;
inline constexpr std::uint16_t kFlagArtificial = 0x20;
inline constexpr std::uint16_t kFlagIgnorable = 0x80;

enum class FieldType : std::uint8_t {
    Tiny = 1,
    Short = 2,
    Long = 3,
    Float = 4,
    Double = 5,
    Timestamp = 7,
    LongLong = 8,
    Int24 = 9,
    Date = 10,
    Time = 11,
    DateTime = 12,
    Year = 13,
    NewDate = 14,
    VarChar = 15,
    Bit = 16,
    Timestamp2 = 17,
    DateTime2 = 18,
    Time2 = 19,
    BlobCompressed = 140,
    VarCharCompressed = 141,
    Vector = 242,
    Json = 245,
    NewDecimal = 246,
    Enum = 247,
    Set = 248,
    TinyBlob = 249,
    MediumBlob = 250,
    LongBlob = 251,
    Blob = 252,
    String = 254,
    Geometry = 255,
};

}  // namespace aipress::mysql::binlog
