// The packets that a server sends after COM_BINLOG_DUMP, read by a thread of their own: a blocking
// read of libmariadb can neither be given up without losing the connection, nor be polled for (it
// and TLS read ahead). The thread waits, the caller does not have to.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mysql::binlog {

using Packet = std::vector<std::byte>;  // one event

// Not thread safe itself.
class PacketReader {
public:
    // REQUIRES: the dump was asked for on the connection.
    explicit PacketReader(Connection connection);
    ~PacketReader();  // closes the connection

    // The next packet; nullopt when none came in time or stop was requested. Packets that came
    // before an error are given first. Errors: OutOfRange (1236: the server has no such position),
    // DataLoss (1236: the file ends in mid-event), Unavailable, or as server_error() says; the same
    // again from then on.
    Result<std::optional<Packet>> take(milliseconds wait, std::stop_token const& stop);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::mysql::binlog
