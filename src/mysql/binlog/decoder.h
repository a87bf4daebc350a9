// Bytes of binary log events in, Events out. Pure: no I/O. Never trusts a length: malformed input
// is DataLoss, an event type that could hide a change is Unimplemented. Both mean: stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/binlog/event.h"

namespace aipress::mysql::binlog {

// Which columns of which table to decode. Called once for each TABLE_MAP.
struct TableInterest {
    bool wanted = false;
    // By ordinal; columns beyond its end and those that are false come back as Absent. Empty: all
    // columns.
    std::vector<bool> columns;
};
using TableFilter = std::function<TableInterest(std::string_view schema, std::string_view table)>;

// Not thread safe. Keeps the format description and the table maps between calls.
class Decoder {
public:
    explicit Decoder(TableFilter filter);
    ~Decoder();
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;

    // One event as in the file: header, body, checksum if the format description announces one.
    // Usually gives one Event; a TRANSACTION_PAYLOAD gives all those inside it, each with the
    // payload's end_offset. Limits: see limits in decoder.cc (a payload never unpacks to more than
    // 1 GiB at once).
    Result<std::vector<Event>> decode(std::span<std::byte const> event);

    // Between a TABLE_MAP and the last rows of its statement: reading cannot begin again here.
    [[nodiscard]] bool in_statement() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The events of a binary log file, behind its 4 magic bytes. For tests and tools.
Result<std::vector<Event>> decode_file(std::string_view path, TableFilter const& filter);

}  // namespace aipress::mysql::binlog
