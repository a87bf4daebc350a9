// One server's binary log, followed for one schema: which keys changed, and how far the log was
// read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/key_set.h"
#include "mover/metadata.h"
#include "mover/table_layout.h"
#include "mysql/binlog/event.h"
#include "mysql/binlog/position.h"
#include "mysql/binlog/stream.h"
#include "mysql/endpoint.h"

namespace aipress::mover {

using Layouts = std::map<std::string, TableLayout>;  // by table name

struct FollowerOptions {
    mysql::Endpoint endpoint;  // its database is the schema that is followed
    std::string move_id;
    mysql::binlog::Position from;
    std::uint32_t server_id = 0;
    milliseconds retry_for{60'000};  // a lost connection is opened again for so long
    std::filesystem::path spill_directory;
};

struct FollowerStatus {
    mysql::binlog::Position position;
    std::uint64_t changes_seen = 0;  // rows changed in the schema since the start of this follower
    std::size_t dirty_keys = 0;
    std::int64_t lag_ms = -1;  // -1: no heartbeat seen yet
    std::optional<Error> failure;
    std::uint64_t changes_after_failure =
        0;                    // counted on, so that a rollback can say what it loses
    bool is_counting = true;  // false: the log cannot be read on
};

// Thread safe. The thread it owns stops with it.
class Follower {
public:
    // `layouts` outlives the follower.
    Follower(Clock& clock, FollowerOptions options, Layouts const& layouts);
    Follower(Follower const&) = delete;
    Follower& operator=(Follower const&) = delete;
    ~Follower();

    // Until the log was read past that heartbeat. Errors: the follower's own failure
    // (FailedPrecondition for DDL or STATEMENT format in the schema, Unimplemented and DataLoss
    // from the decoder, OutOfRange for a purged log, Unavailable when the server stays away),
    // DeadlineExceeded, Cancelled.
    Result<void> wait_for(Context const& context, metadata::Heartbeat::Beat const& beat);
    // Until the log was read up to there, or cannot be read on: what was seen by then is in
    // status(). Errors: DeadlineExceeded, Cancelled.
    Result<void> wait_until(Context const& context, mysql::binlog::Position const& position);
    // So that the lag grows while a heartbeat is on its way.
    void expect(metadata::Heartbeat::Beat const& beat);

    // Everything changed so far, and the transaction boundary before which all changes are in it,
    // or were taken earlier.
    struct Taken {
        std::map<std::string, KeySet> keys;
        mysql::binlog::Position position;
    };
    [[nodiscard]] Taken take();
    Result<void> put_back(std::string const& table, KeySet const& keys);
    Result<void> add(std::string const& table, RowKey const& key);
    // Those of `keys` that have no change waiting.
    Result<std::vector<RowKey>> not_dirty(std::string const& table, std::vector<RowKey> keys) const;

    [[nodiscard]] FollowerStatus status() const;
    // Rows changed so far, by table.
    [[nodiscard]] std::map<std::string, std::uint64_t> changes_by_table() const;

private:
    void run(std::stop_token const& stop);
    Result<void> follow(std::stop_token const& stop, SteadyTime& last_contact);
    Result<void> pass_torn_end(std::stop_token const& stop, Error const& torn);
    Result<void> accept(mysql::binlog::Event const& event);
    Result<void> accept_rows(mysql::binlog::Rows const& rows);
    void accept_heartbeat(mysql::binlog::Rows const& rows);
    Result<void> check_statement(mysql::binlog::Query const& query) const;
    void fail(Error error);
    [[nodiscard]] mysql::binlog::TableInterest interest(std::string_view schema,
                                                        std::string_view table) const;

    Clock& clock_;
    FollowerOptions const options_;
    Layouts const& layouts_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    KeySets dirty_;
    mysql::binlog::Position safe_position_;  // behind the last whole transaction
    bool has_ended_ = false;                 // nothing is read any more
    bool in_transaction_ = false;
    bool transaction_touches_schema_ = false;
    std::uint64_t seen_sequence_ = 0;
    std::int64_t seen_delay_ms_ = -1;
    metadata::Heartbeat::Beat expected_;
    std::uint64_t changes_seen_ = 0;
    std::uint64_t changes_after_failure_ = 0;
    std::map<std::string, std::uint64_t> changes_by_table_;
    std::optional<Error> failure_;

    std::jthread thread_;  // last: joined before what it uses goes
};

}  // namespace aipress::mover
