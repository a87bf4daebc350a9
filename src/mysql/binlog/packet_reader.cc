#include "mysql/binlog/packet_reader.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <mysql.h>
#include <mysqld_error.h>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include "mysql/errors.h"

namespace aipress::mysql::binlog {

namespace {

// What is read ahead of the caller; one packet may go over it.
constexpr std::size_t kMaxQueuedBytes = std::size_t{4} << 20U;
constexpr std::size_t kMaxQueuedPackets = 4096;

// (unsigned int)-1 in the library, whose function gives an unsigned long.
constexpr unsigned long kPacketError = packet_error;
constexpr std::byte kEventMark{0x00};
constexpr std::byte kEndMark{0xfe};
constexpr std::string_view kTornEnd = "truncated in the middle of event";

Error read_error(MYSQL* handle) {
    unsigned const number = mysql_errno(handle);
    Error error = server_error(number, mysql_error(handle));
    // One number for all that a server cannot send: purged, beyond the end, in mid-event. Only its
    // words say which (LOG_READ_TRUNC in the servers' sql/log_event.cc).
    if (number == ER_MASTER_FATAL_ERROR_READING_BINLOG) {
        bool const is_torn = error.message().find(kTornEnd) != std::string::npos;
        return Error(is_torn ? ErrorCode::DataLoss : ErrorCode::OutOfRange, error.message())
            .with_native_code(number);
    }
    if (number == 0) return {ErrorCode::Unavailable, "the connection was lost"};
    return error;
}

Result<Packet> read_packet(MYSQL* handle) {
    unsigned long const size = mysql_net_read_packet(handle);
    if (size >= kPacketError) return read_error(handle);
    std::span const bytes(reinterpret_cast<std::byte const*>(handle->net.read_pos), size);
    if (bytes.empty() || bytes.front() == kEndMark) {
        return Error(ErrorCode::Unavailable, "the server ended the binary log stream");
    }
    if (bytes.front() != kEventMark) {
        return Error(ErrorCode::DataLoss, "not a packet of a binary log stream");
    }
    return Packet(bytes.begin() + 1, bytes.end());
}

}  // namespace

struct PacketReader::Impl {
    explicit Impl(Connection opened) : connection(std::move(opened)) {}

    Connection connection;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<Packet> queue;
    std::size_t queued_bytes = 0;
    std::optional<Error> failure;
    std::jthread thread;

    void run(std::stop_token const& stop) {
        mysql_thread_init();
        while (!stop.stop_requested()) {
            auto packet = read_packet(connection.native());
            std::unique_lock lock(mutex);
            if (!packet.ok()) {
                failure = packet.release_error();
                changed.notify_all();
                break;
            }
            changed.wait(lock, stop, [this] {
                return queued_bytes < kMaxQueuedBytes && queue.size() < kMaxQueuedPackets;
            });
            queued_bytes += packet->size();
            queue.push_back(packet.release());
            changed.notify_all();
        }
        mysql_thread_end();
    }
};

PacketReader::PacketReader(Connection connection)
    : impl_(std::make_unique<Impl>(std::move(connection))) {
    impl_->thread =
        std::jthread([impl = impl_.get()](std::stop_token const& stop) { impl->run(stop); });
}

PacketReader::~PacketReader() {
    impl_->thread.request_stop();
    // Wakes a read that is under way; nothing else would before the next heartbeat.
    ::shutdown(mysql_get_socket(impl_->connection.native()), SHUT_RDWR);
    impl_->thread.join();
}

Result<std::optional<Packet>> PacketReader::take(milliseconds wait, std::stop_token const& stop) {
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait_for(lock, stop, wait,
                            [&] { return !impl_->queue.empty() || impl_->failure.has_value(); });
    if (stop.stop_requested()) return std::optional<Packet>();
    if (impl_->queue.empty()) {
        if (impl_->failure) return *impl_->failure;
        return std::optional<Packet>();
    }
    Packet packet = std::move(impl_->queue.front());
    impl_->queue.pop_front();
    impl_->queued_bytes -= packet.size();
    impl_->changed.notify_all();
    return std::optional<Packet>(std::move(packet));
}

}  // namespace aipress::mysql::binlog
