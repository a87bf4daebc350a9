// The mover's own schema on both servers, `aipress_mover`: heartbeats to follow, and how far a move
// got, written in the same transaction as the rows it speaks of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/row_key.h"
#include "mysql/binlog/position.h"
#include "mysql/connection.h"

namespace aipress::mover::metadata {

inline constexpr std::string_view kDatabase = "aipress_mover";
inline constexpr std::string_view kHeartbeatTable = "heartbeat";
inline constexpr std::string_view kSignatureTable = "signature";

// Makes the schema when it is not there and enters the move. Safe to repeat, and beside other
// moves.
Result<void> install(Context const& context, mysql::Connection& connection,
                     std::string const& move_id, Probe& probe);
// Takes the move out; the last one takes the schema with it. Safe to repeat.
Result<void> remove(Context const& context, mysql::Connection& connection,
                    std::string const& move_id, Probe& probe);

// One piece of a table's copy: the keys in (start, upto], copied up to `range.after`.
struct Segment {
    std::string table;
    std::uint32_t number = 0;
    KeyRange range;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    bool is_done = false;
};

[[nodiscard]] Result<std::vector<Segment>> read_segments(Context const& context,
                                                         mysql::Connection& target,
                                                         std::string const& move_id);
// All segments of one table, in one transaction.
Result<void> create_segments(Context const& context, mysql::Connection& target,
                             std::string const& move_id, std::vector<Segment> const& segments);
// Within the caller's transaction.
Result<void> save_segment(Context const& context, mysql::Connection& target,
                          std::string const& move_id, Segment const& segment);

// Up to where the stream's changes are on this side.
[[nodiscard]] Result<std::optional<mysql::binlog::Position>> read_position(
    Context const& context, mysql::Connection& connection, std::string const& move_id);
Result<void> save_position(Context const& context, mysql::Connection& connection,
                           std::string const& move_id, mysql::binlog::Position const& position);

// Within the caller's transaction: whoever reads this server's log knows it for the mover's.
Result<void> sign(Context const& context, mysql::Connection& connection,
                  std::string const& move_id);

// Heartbeats: a row of the server that is followed, written over and over. When beat() returns, the
// row is committed, and so is everything that the binary log holds before it.
class Heartbeat {
public:
    // The connection is used by nobody else meanwhile.
    Heartbeat(mysql::Connection& connection, std::string move_id);

    struct Beat {
        std::uint64_t sequence = 0;  // grows, also from one process to the next
        std::uint64_t written_ms = 0;
    };
    Result<Beat> beat(Context const& context);

private:
    mysql::Connection& connection_;
    std::string move_id_;
    std::uint64_t last_sequence_ = 0;
};

}  // namespace aipress::mover::metadata
