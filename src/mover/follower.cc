#include "mover/follower.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "mover/limits.h"
#include "mover/statement_filter.h"

namespace aipress::mover {

namespace binlog = mysql::binlog;

namespace {

constexpr std::uint8_t kTableMapEvent = 19;
constexpr milliseconds kConnectTime{10'000};

std::int64_t wall_ms(Clock const& clock) {
    return std::chrono::duration_cast<milliseconds>(clock.wall_now().time_since_epoch()).count();
}

std::string shortened(std::string const& text) {
    constexpr std::size_t kMost = 120;
    return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

}  // namespace

Follower::Follower(Clock& clock, FollowerOptions options, Layouts const& layouts)
    : clock_(clock),
      options_(std::move(options)),
      layouts_(layouts),
      dirty_(options_.spill_directory),
      safe_position_(options_.from),
      thread_([this](std::stop_token const& stop) { run(stop); }) {}

Follower::~Follower() = default;

void Follower::run(std::stop_token const& stop) {
    auto backoff = limits::kBackoffFirst;
    auto last_contact = clock_.now();
    while (!stop.stop_requested()) {
        auto const contact_before = last_contact;
        auto result = follow(stop, last_contact);
        if (stop.stop_requested()) return;
        ASSERT(!result.ok());
        if (binlog::is_torn_end(result.error())) {
            auto passed = pass_torn_end(stop, result.error());
            if (passed.ok()) continue;
            result = passed.release_error();
        }
        if (mysql::is_connection_error(result.error()) &&
            elapsed_ms(last_contact, clock_.now()) < options_.retry_for) {
            if (last_contact != contact_before) backoff = limits::kBackoffFirst;
            log::debug("reading the log of {}: {}; trying again", options_.endpoint.display(),
                       result.error().message());
            clock_.sleep_for(backoff, stop);
            backoff = std::min(backoff * 2, limits::kBackoffMost);
            continue;
        }
        bool already_failed = false;
        {
            std::lock_guard const lock(mutex_);
            already_failed = failure_.has_value();
        }
        bool const can_count_on = result.error().code() == ErrorCode::FailedPrecondition;
        if (!already_failed) fail(result.release_error());
        // A statement that stops the move does not stop the counting of what came behind it.
        if (already_failed || !can_count_on) {
            std::lock_guard const lock(mutex_);
            has_ended_ = true;
            changed_.notify_all();
            return;
        }
    }
}

Result<void> Follower::follow(std::stop_token const& stop, SteadyTime& last_contact) {
    Context const context(clock_, Deadline::never(), stop);
    binlog::Position from;
    {
        std::lock_guard const lock(mutex_);
        from = safe_position_;
        in_transaction_ = false;
        transaction_touches_schema_ = false;
    }
    binlog::StreamOptions stream_options;
    stream_options.server_id = options_.server_id;
    auto stream = TRY(binlog::Stream::open(
        context.within(kConnectTime), options_.endpoint, from,
        [this](std::string_view schema, std::string_view table) { return interest(schema, table); },
        stream_options));
    while (true) {
        auto const events = TRY(stream.next(context));
        last_contact = clock_.now();
        for (auto const& event : events) TRY(accept(event));
        std::lock_guard const lock(mutex_);
        if (!in_transaction_ && safe_position_ < stream.position()) {
            safe_position_ = stream.position();
            changed_.notify_all();
        }
    }
}

// Reading goes on in the file that the server began after its crash.
Result<void> Follower::pass_torn_end(std::stop_token const& stop, Error const& torn) {
    Context const context(clock_, Deadline::after(clock_, kConnectTime), stop);
    mysql::SessionOptions session;
    session.use_database = false;
    auto connection = TRY(mysql::Connection::open(context, options_.endpoint, session));
    auto const file = status().position.file;
    auto next = binlog::file_behind(context, connection, file);
    if (!next.ok()) {
        if (next.error().code() == ErrorCode::NotFound) return torn;
        return next.release_error();
    }
    log::warning("{}: a crash tore the end of {}; reading goes on at {}",
                 options_.endpoint.display(), file, next->to_string());
    std::lock_guard const lock(mutex_);
    safe_position_ = next.release();
    return {};
}

binlog::TableInterest Follower::interest(std::string_view schema, std::string_view table) const {
    if (schema == metadata::kDatabase) return {table == metadata::kHeartbeatTable, {}};
    if (schema != options_.endpoint.database) return {false, {}};
    auto const at = layouts_.find(std::string(table));
    if (at == layouts_.end() || !at->second.has_key()) return {true, {false}};
    return {true, at->second.key_columns()};
}

Result<void> Follower::accept(binlog::Event const& event) {
    if (auto const* rows = std::get_if<binlog::Rows>(&event.body)) {
        std::lock_guard const lock(mutex_);
        in_transaction_ = true;
        return accept_rows(*rows);
    }
    if (auto const* query = std::get_if<binlog::Query>(&event.body)) {
        {
            std::lock_guard const lock(mutex_);
            // BEGIN opens a group that ends in Commit; any other text stands alone.
            if (query->text == "BEGIN") in_transaction_ = true;
            if (failure_) return {};
        }
        return check_statement(*query);
    }
    std::lock_guard const lock(mutex_);
    if (auto const* ignored = std::get_if<binlog::Ignored>(&event.body)) {
        // Reading cannot begin again between a table map and its rows.
        if (ignored->type == kTableMapEvent) in_transaction_ = true;
    } else if (std::holds_alternative<binlog::Commit>(event.body)) {
        in_transaction_ = false;
        transaction_touches_schema_ = false;
    } else if (std::holds_alternative<binlog::XaPrepare>(event.body)) {
        if (transaction_touches_schema_ && !failure_) {
            return Error(ErrorCode::FailedPrecondition,
                         "a prepared XA transaction changed the database: its rows become visible "
                         "later, with nothing in the log to name them; move the tenant while it "
                         "uses no XA transactions");
        }
        in_transaction_ = false;
    }
    return {};
}

// With the mutex held.
Result<void> Follower::accept_rows(binlog::Rows const& rows) {
    if (rows.table->schema == metadata::kDatabase) {
        accept_heartbeat(rows);
        return {};
    }
    transaction_touches_schema_ = true;
    auto const at = layouts_.find(rows.table->table);
    if (failure_) {
        changes_after_failure_ += rows.changes.size();
        return {};
    }
    if (at == layouts_.end()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("rows of the table {} changed, which did not exist when the move "
                                 "began; start the move again with a new journal",
                                 rows.table->table));
    }
    auto const& layout = at->second;
    changes_seen_ += rows.changes.size();
    changes_by_table_[layout.name()] += rows.changes.size();
    if (!layout.has_key()) return {};  // copied whole under the fence
    if (rows.table->types.size() < layout.table_column_count()) {
        return Error(
            ErrorCode::FailedPrecondition,
            fmt::format("the table {} has {} columns in the log and {} in the schema; "
                        "start the move again with a new journal",
                        layout.name(), rows.table->types.size(), layout.table_column_count()));
    }
    for (auto const& change : rows.changes) {
        auto const* before = change.before ? &*change.before : nullptr;
        if (before != nullptr) {
            auto const key = layout.key_of_image(*before, nullptr);
            if (!key) {
                return Error(ErrorCode::DataLoss,
                             fmt::format("a change of {} does not name its row", layout.name()));
            }
            TRY(dirty_.insert(layout.name(), *key));
        }
        if (change.after) {
            auto const key = layout.key_of_image(*change.after, before);
            if (!key) {
                return Error(ErrorCode::DataLoss,
                             fmt::format("a change of {} does not name its row", layout.name()));
            }
            TRY(dirty_.insert(layout.name(), *key));
        }
    }
    return {};
}

// With the mutex held. Columns: move_id, sequence, written_ms.
void Follower::accept_heartbeat(binlog::Rows const& rows) {
    for (auto const& change : rows.changes) {
        if (!change.after || change.after->size() < 3) continue;
        auto const& after = *change.after;
        // A MINIMAL after image leaves the unchanged move_id out.
        bool const named_after = after[0].kind == binlog::ColumnValue::Kind::Bytes;
        auto const* name = named_after ? &after[0] : change.before ? &(*change.before)[0] : nullptr;
        if (name == nullptr || name->bytes != options_.move_id) continue;
        if (after[1].kind != binlog::ColumnValue::Kind::Integer) continue;
        seen_sequence_ = std::max(seen_sequence_, after[1].as_unsigned());
        if (after[2].kind == binlog::ColumnValue::Kind::Integer) {
            seen_delay_ms_ = std::max<std::int64_t>(
                0, wall_ms(clock_) - static_cast<std::int64_t>(after[2].as_unsigned()));
        }
        changed_.notify_all();
    }
}

Result<void> Follower::check_statement(binlog::Query const& query) const {
    switch (classify_statement(query, options_.endpoint.database)) {
        case StatementMeaning::Harmless:
            return {};
        case StatementMeaning::Ddl:
            return Error(ErrorCode::FailedPrecondition,
                         fmt::format("the schema was changed during the move: {}; start the move "
                                     "again with a new journal when the change is done",
                                     shortened(query.text)));
        case StatementMeaning::DataChange:
            return Error(
                ErrorCode::FailedPrecondition,
                fmt::format("a session writes in STATEMENT format, which does not say which "
                            "rows it changed: {}; make it use binlog_format=ROW and start "
                            "the move again with a new journal",
                            shortened(query.text)));
    }
    return {};
}

void Follower::fail(Error error) {
    std::lock_guard const lock(mutex_);
    failure_ = std::move(error);
    changed_.notify_all();
}

void Follower::expect(metadata::Heartbeat::Beat const& beat) {
    std::lock_guard const lock(mutex_);
    expected_ = beat;
}

Result<void> Follower::wait_for(Context const& context, metadata::Heartbeat::Beat const& beat) {
    std::unique_lock lock(mutex_);
    expected_ = beat;
    auto const done = [&] { return failure_.has_value() || seen_sequence_ >= beat.sequence; };
    auto const remaining = context.deadline().remaining(clock_);
    if (remaining == milliseconds::max()) {
        changed_.wait(lock, context.stop(), done);
    } else {
        changed_.wait_for(lock, context.stop(), remaining, done);
    }
    if (failure_) return *failure_;
    if (seen_sequence_ >= beat.sequence) return {};
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    return Error(ErrorCode::DeadlineExceeded,
                 fmt::format("a heartbeat written on {} did not come back in its binary log",
                             options_.endpoint.display()));
}

Result<void> Follower::wait_until(Context const& context, binlog::Position const& position) {
    std::unique_lock lock(mutex_);
    auto const done = [&] { return has_ended_ || safe_position_ >= position; };
    auto const remaining = context.deadline().remaining(clock_);
    if (remaining == milliseconds::max()) {
        changed_.wait(lock, context.stop(), done);
    } else {
        changed_.wait_for(lock, context.stop(), remaining, done);
    }
    if (done()) return {};
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    return Error(ErrorCode::DeadlineExceeded,
                 fmt::format("the log of {} was read up to {} only", options_.endpoint.display(),
                             safe_position_.to_string()));
}

Follower::Taken Follower::take() {
    std::lock_guard const lock(mutex_);
    return {dirty_.take(), safe_position_};
}

Result<void> Follower::put_back(std::string const& table, KeySet const& keys) {
    std::lock_guard const lock(mutex_);
    return dirty_.merge(table, keys);
}

Result<void> Follower::add(std::string const& table, RowKey const& key) {
    std::lock_guard const lock(mutex_);
    return dirty_.insert(table, key);
}

Result<std::vector<RowKey>> Follower::not_dirty(std::string const& table,
                                                std::vector<RowKey> keys) const {
    std::lock_guard const lock(mutex_);
    auto const* set = dirty_.find(table);
    if (set == nullptr) return keys;
    return set->missing(std::move(keys));
}

FollowerStatus Follower::status() const {
    std::lock_guard const lock(mutex_);
    FollowerStatus status;
    status.position = safe_position_;
    status.changes_seen = changes_seen_;
    status.dirty_keys = dirty_.size();
    status.failure = failure_;
    status.changes_after_failure = changes_after_failure_;
    status.is_counting = !has_ended_;
    status.lag_ms = seen_delay_ms_;
    if (expected_.sequence > seen_sequence_) {
        status.lag_ms = std::max<std::int64_t>(
            0, wall_ms(clock_) - static_cast<std::int64_t>(expected_.written_ms));
    }
    return status;
}

std::map<std::string, std::uint64_t> Follower::changes_by_table() const {
    std::lock_guard const lock(mutex_);
    return changes_by_table_;
}

}  // namespace aipress::mover
