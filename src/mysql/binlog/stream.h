// The binary log of a running server, followed as a replica does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/binlog/decoder.h"
#include "mysql/binlog/event.h"
#include "mysql/binlog/position.h"
#include "mysql/connection.h"

namespace aipress::mysql::binlog {

struct StreamOptions {
    std::uint32_t server_id = 0;  // this reader's own: unique among the server's replicas, not 0
    milliseconds heartbeat_period{1'000};
    // No event and no heartbeat for so long: the connection is dead (Unavailable).
    milliseconds silence_limit{10'000};
};

// Not thread safe.
class Stream {
public:
    // Errors: OutOfRange when the position was purged or lies beyond the log's end (native code
    // 1236).
    [[nodiscard]] static Result<Stream> open(Context const& context, Endpoint const& endpoint,
                                             Position from, TableFilter filter,
                                             StreamOptions options);
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    // Blocks for the next packet and gives its events (never an empty list). Errors: Cancelled,
    // DeadlineExceeded (nothing came; call again), Unavailable (reopen at position()), DataLoss /
    // Unimplemented from the decoder, or what is_torn_end() knows (reopen at file_behind()).
    Result<std::vector<Event>> next(Context const& context);

    // Behind the last event given; taken from our own reading of ROTATE and event headers. Inside a
    // statement (between its TABLE_MAP and its last rows) it stays in front of the statement, so
    // that a stream can always be opened again here; some events then come twice.
    [[nodiscard]] Position const& position() const;

private:
    struct Impl;
    explicit Stream(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// SHOW MASTER STATUS, or SHOW BINARY LOG STATUS from MySQL 8.4 on. Errors: FailedPrecondition when
// the binary log is off.
[[nodiscard]] Result<Position> current_position(Context const& context, Connection& connection);

// Whether the server said that a file of its log ends in mid-event. MariaDB leaves it so when it
// was killed while it wrote, and goes on in another file (MySQL cuts it off at its next start).
[[nodiscard]] bool is_torn_end(Error const& error);

// Where the log goes on behind `file`. The torn transaction at that file's end is none: a server
// commits after its log has it whole, and rolls back at its next start what the log has not.
// Errors: NotFound when `file` is the last one, or is not there any more.
[[nodiscard]] Result<Position> file_behind(Context const& context, Connection& connection,
                                           std::string const& file);

}  // namespace aipress::mysql::binlog
