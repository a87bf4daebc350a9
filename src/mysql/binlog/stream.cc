#include "mysql/binlog/stream.h"

// clang-format off: mariadb_rpl.h needs what mysql.h declares.
#include <mysql.h>
#include <mariadb_rpl.h>
#include <mysqld_error.h>
// clang-format on

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "mysql/binlog/packet_reader.h"
#include "mysql/binlog/position_tracker.h"
#include "mysql/errors.h"

namespace aipress::mysql::binlog {

namespace {

// What a replica tells a server about itself. The checksum setting must be the server's own, else
// it refuses; MariaDB's capability 4 means: every event as it is in the log. MySQL 8.0.26 renamed
// the variables and looks for the new names first.
std::string introduce_replica(StreamOptions const& options) {
    auto const period_ns = std::chrono::nanoseconds(options.heartbeat_period).count();
    return fmt::format(
        "SET @mariadb_slave_capability=4, "
        "@master_binlog_checksum=@@global.binlog_checksum, "
        "@source_binlog_checksum=@@global.binlog_checksum, "
        "@master_heartbeat_period={0}, @source_heartbeat_period={0}",
        period_ns);
}

Result<void> request_dump(MYSQL* handle, Position const& from, std::uint32_t server_id) {
    std::unique_ptr<MARIADB_RPL, decltype(&mariadb_rpl_close)> const replica(
        mariadb_rpl_init(handle), &mariadb_rpl_close);
    ASSERT(replica != nullptr);
    mariadb_rpl_optionsv(replica.get(), MARIADB_RPL_FILENAME, from.file.c_str(), from.file.size());
    mariadb_rpl_optionsv(replica.get(), MARIADB_RPL_START, static_cast<unsigned long>(from.offset));
    mariadb_rpl_optionsv(replica.get(), MARIADB_RPL_SERVER_ID, server_id);
    if (mariadb_rpl_open(replica.get()) != 0) {
        return server_error(mysql_errno(handle), mysql_error(handle));
    }
    return {};
}

Result<void> check_request(Position const& from, StreamOptions const& options) {
    if (options.server_id == 0) {
        return Error(ErrorCode::InvalidArgument, "a reader of a binary log needs a server id");
    }
    if (from.offset > std::numeric_limits<std::uint32_t>::max()) {
        return Error(ErrorCode::OutOfRange,
                     "a stream cannot begin beyond 4 GiB of a file: " + from.to_string());
    }
    return {};
}

}  // namespace

struct Stream::Impl {
    Impl(Connection connection, Position from, TableFilter filter, StreamOptions stream_options,
         SteadyTime now)
        : options(stream_options),
          tracker(from),
          safe_position(std::move(from)),
          decoder(std::move(filter)),
          reader(std::move(connection)),
          last_heard(now) {}

    StreamOptions options;
    PositionTracker tracker;
    Position safe_position;
    Decoder decoder;
    PacketReader reader;
    SteadyTime last_heard;
    std::optional<Packet> first;   // the packet that open() waited for
    std::optional<Error> failure;  // once broken, always broken

    Result<Packet> next_packet(Context const& context);
    Result<std::vector<Event>> decode(Packet const& packet);
    template <typename T>
    Result<T> remember(Result<T> result);
};

// Cancelled and DeadlineExceeded leave the stream whole, everything else does not.
template <typename T>
Result<T> Stream::Impl::remember(Result<T> result) {
    if (!result.ok() && result.error().code() != ErrorCode::Cancelled &&
        result.error().code() != ErrorCode::DeadlineExceeded) {
        failure = result.error();
    }
    return result;
}

Result<Packet> Stream::Impl::next_packet(Context const& context) {
    if (first) return *std::exchange(first, std::nullopt);
    Clock const& clock = context.clock();
    while (true) {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
        milliseconds const silence_left =
            std::max(milliseconds(0), options.silence_limit - elapsed_ms(last_heard, clock.now()));
        milliseconds const wait = std::min(silence_left, context.deadline().remaining(clock));
        if (auto packet = TRY(reader.take(wait, context.stop()))) {
            last_heard = clock.now();
            return std::move(*packet);
        }
        if (context.stopped()) continue;
        if (elapsed_ms(last_heard, clock.now()) >= options.silence_limit) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("nothing heard from the server for {} ms",
                                     options.silence_limit.count()));
        }
        if (context.expired()) {
            return Error(ErrorCode::DeadlineExceeded, "no binary log event in time");
        }
    }
}

Result<std::vector<Event>> Stream::Impl::decode(Packet const& packet) {
    auto events = decoder.decode(packet);
    if (!events.ok()) {
        return events.release_error().in_context(tracker.position().to_string());
    }
    for (Event const& event : *events) tracker.advance(event, packet.size());
    if (!decoder.in_statement()) safe_position = tracker.position();
    return events;
}

Result<Stream> Stream::open(Context const& context, Endpoint const& endpoint, Position from,
                            TableFilter filter, StreamOptions options) {
    TRY(check_request(from, options));
    SessionOptions session;
    session.use_database = false;
    auto connection = TRY(Connection::open(context, endpoint, session));
    TRY(connection.execute(context, introduce_replica(options)));
    TRY(request_dump(connection.native(), from, options.server_id));
    auto impl = std::make_unique<Impl>(std::move(connection), std::move(from), std::move(filter),
                                       options, context.clock().now());
    // A position that the server does not have is refused in place of the first packet.
    impl->first = TRY(impl->next_packet(context));
    return Stream(std::move(impl));
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<std::vector<Event>> Stream::next(Context const& context) {
    if (impl_->failure) return *impl_->failure;
    auto const packet = TRY(impl_->remember(impl_->next_packet(context)));
    return impl_->remember(impl_->decode(packet));
}

Position const& Stream::position() const {
    return impl_->safe_position;
}

Result<Position> current_position(Context const& context, Connection& connection) {
    bool const is_renamed = connection.version().mysql_at_least(80'400);
    auto const status = TRY(
        connection.query(context, is_renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"));
    if (status.rows.empty()) {
        return Error(ErrorCode::FailedPrecondition, "the server keeps no binary log (log_bin)");
    }
    return parse_position(status.text(0, "File") + ":" + status.text(0, "Position"));
}

bool is_torn_end(Error const& error) {
    return error.code() == ErrorCode::DataLoss &&
           error.native_code() == ER_MASTER_FATAL_ERROR_READING_BINLOG;
}

Result<Position> file_behind(Context const& context, Connection& connection,
                             std::string const& file) {
    auto const logs = TRY(connection.query(context, "SHOW BINARY LOGS"));
    for (std::size_t i = 0; i + 1 < logs.rows.size(); ++i) {
        if (logs.text(i, "Log_name") == file) return Position{logs.text(i + 1, "Log_name")};
    }
    return Error(ErrorCode::NotFound, "the binary log has no file behind " + file);
}

}  // namespace aipress::mysql::binlog
