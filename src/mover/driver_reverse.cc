// After the switch: the stream back, the rollback, the end.
#include <fmt/format.h>

#include "base/log.h"
#include "mover/driver.h"
#include "mover/limits.h"
#include "mover/schema_transfer.h"
#include "mysql/binlog/stream.h"

namespace aipress::mover {
namespace {

constexpr milliseconds kUndoTimeout{60'000};
constexpr std::string_view kRollbackTriggers = "rollback-triggers";

// Behind a way back that is broken they need not be those of the other side.
Result<std::vector<std::string>> tables_there(Context const& context,
                                              mysql::Connection& connection) {
    auto const rows = TRY(connection.query(context,
                                           "SELECT TABLE_NAME FROM information_schema.TABLES WHERE "
                                           "TABLE_SCHEMA=DATABASE() AND TABLE_TYPE='BASE TABLE'"));
    std::vector<std::string> names;
    for (auto const& row : rows.rows) names.push_back(*row[0]);
    return names;
}

}  // namespace

Result<void> Driver::start_reverse(Context const& context) {
    if (backward_) return {};
    ASSERT(journal_.content().reverse_start.has_value());
    auto leg = leg_from(Side::Target, *journal_.content().reverse_start);
    // A finalize that was cut short may have taken them away; from R0 on all is carried again then.
    TRY(metadata::install(context, *source_, leg.move_id, probe_));
    TRY(metadata::install(context, *target_, leg.move_id, probe_));
    auto const saved = TRY(metadata::read_position(context, *source_, leg.move_id));
    if (saved && leg.start < *saved) leg.start = *saved;
    backward_ = TRY(CatchUp::start(context, std::move(leg), layouts_, probe_));
    // A stream that began with the switch has carried and compared every change since; one that a
    // new process began knows nothing of what an earlier one compared.
    backward_verified_ = state() == State::Fenced || state() == State::Switched;
    return {};
}

Result<void> Driver::reverse(Context const& context) {
    if (requests_.wants(Requests::Verb::Finalize)) return finalize(context);
    TRY(start_reverse(context));
    while (true) {
        if (requests_.wants(Requests::Verb::Finalize)) return finalize(context);
        if (requests_.wants(Requests::Verb::Rollback)) return roll_back(context);
        if (requests_.wants(Requests::Verb::Switch)) {
            requests_.answer(
                Requests::Verb::Switch,
                Error(ErrorCode::FailedPrecondition, "the database has been switched already"));
        }
        auto const failure = backward_->follower().status().failure;
        if (!failure) {
            auto const carried = backward_->round(context);
            // A stream that breaks meanwhile ends the carrying, not the move.
            if (!carried.ok() && !backward_->follower().status().failure) return carried.error();
            if (!backward_->differences().empty()) {
                return Error(
                    ErrorCode::DataLoss,
                    fmt::format("{} {} differs on the old side: somebody else writes there",
                                backward_->differences()[0].table,
                                backward_->differences()[0].key));
            }
        } else if (mysql::is_connection_error(*failure)) {
            return *failure;
        } else {
            TRY(carry_up_to_break(context));
        }
        TRY(pause_point(context));
        requests_.wait_for_news(context.stop(), limits::kRoundPause);
    }
}

// Up to this moment: a stream that has just begun does not know yet.
Result<std::optional<Error>> Driver::broken_way_back(Context const& context) {
    auto& follower = backward_->follower();
    if (!follower.status().failure) {
        auto const beat = TRY(backward_->heartbeat().beat(context));
        auto const read = follower.wait_for(context.within(limits::kBarrierTimeout), beat);
        if (!read.ok() && !follower.status().failure) return read.error();
    }
    auto failure = follower.status().failure;
    if (!failure) return failure;
    if (mysql::is_connection_error(*failure)) return *failure;
    TRY(carry_up_to_break(context));
    // What it loses is counted up to now. What cannot be counted in time is more.
    auto const now = TRY(mysql::binlog::current_position(context, *target_));
    auto const counted = follower.wait_until(context.within(limits::kBarrierTimeout), now);
    if (!counted.ok() && context.stopped()) return counted.error();
    return failure;
}

// Every row that was changed before the stream broke: only what came behind it is lost.
Result<void> Driver::carry_up_to_break(Context const& context) {
    if (source_is_replaced_ || backward_->follower().status().dirty_keys == 0) return {};
    for (auto const& what : TRY(backward_->carry_what_is_known(context))) {
        log::warning("{}: the old side is left without some last changes: {}",
                     journal_.content().source, what);
    }
    return {};
}

bool Driver::carries_back() {
    return !source_is_replaced_ && !backward_->follower().status().failure;
}

Result<void> Driver::roll_back(Context const& context) {
    auto const failure = TRY(broken_way_back(context));
    if (failure && !requests_.loss_accepted()) {
        publish();
        requests_.answer(
            Requests::Verb::Rollback,
            Error(ErrorCode::FailedPrecondition,
                  fmt::format(
                      "the stream back is broken ({}): a rollback now would lose {} changes "
                      "or more; confirm with --accept-loss {}",
                      failure->message(), report().writes_at_risk, options_.source.database)));
        return {};
    }
    if (carries_back() && !backward_verified_) {
        TRY(verify_all(context, *backward_));
        backward_verified_ = true;
    }
    gate(Side::Target).fence_also(TRY(accounts_to_fence(context, Side::Target)));
    fence_began_ = clock_.now();
    TRY(journal_.set_rolling_back(true));
    TRY(transition(MoveEvent::RollbackBegun));
    auto const budgeted = context.within(options_.fence_budget);
    auto closed = close_target_and_prove(budgeted);
    if (closed.ok() && !budgeted.expired()) {
        TRY(journal_.set_owner(Side::Source));
        return give_back(context);
    }
    auto error = closed.ok() ? Error(ErrorCode::DeadlineExceeded,
                                     "the rollback's fence took longer than its budget")
                             : closed.release_error();
    if (mysql::is_connection_error(error) || context.stopped()) return error;
    TRY(undo_rollback(context));
    requests_.answer(Requests::Verb::Rollback, error);
    log::warning("{}: the rollback was called off: {}", journal_.content().source, error.message());
    // The stream must not run into what was put there.
    if (source_is_replaced_) return error;
    return {};
}

// The fence of the switch with the roles swapped.
Result<void> Driver::close_target_and_prove(Context const& context) {
    bool const whole = carries_back();
    TRY(gate(Side::Target).close(context, *target_).in_context("closing the target"));
    table_lock_ = TRY(mysql::Connection::open(context, options_.target));
    TRY(shut_tables(context, *table_lock_, TRY(tables_there(context, *target_))));
    if (whole) {
        TRY(backward_->drain(context).in_context("carrying the last changes back"));
        TRY(recopy_hidden_changes(context, *backward_));
    }
    TRY(gate(Side::Target).check_closed(context, *target_));
    TRY(raise_counters(context, *target_, *source_));
    // Events are still on the source, disabled; opening its gate enables them.
    auto triggers = active_schema();
    std::erase_if(triggers.objects, [](mysql::SchemaObject const& object) {
        return object.kind != mysql::ObjectKind::Trigger;
    });
    TRY(create_active_objects(context, *source_, Side::Source, triggers, EventsEnabled::AsOnSource,
                              std::string(kRollbackTriggers), journal_, probe_));
    return announce_owner(context, Side::Source);
}

// Behind the compare-and-set of a rollback.
Result<void> Driver::give_back(Context const& context) {
    TRY(gate(Side::Source).open(context, *source_));
    if (fence_began_ != SteadyTime()) {
        std::lock_guard const lock(report_mutex_);
        report_.rollback_fence_ms = elapsed_ms(fence_began_, clock_.now()).count();
    }
    publish();
    backward_.reset();
    table_lock_.reset();
    // The target keeps its rows, closed to the tenant: they can be looked at, and dropped by hand.
    TRY(drop_triggers(context, *target_, Side::Target, active_schema(), probe_));
    TRY(metadata::remove(context, *source_, journal_.content().move_id, probe_));
    TRY(metadata::remove(context, *target_, journal_.content().move_id, probe_));
    TRY(transition(MoveEvent::OwnerIsSource));
    requests_.answer(Requests::Verb::Rollback, {});
    return {};
}

Result<void> Driver::undo_rollback(Context const& context) {
    auto const undoing = Context(clock_, Deadline::after(clock_, kUndoTimeout), std::stop_token());
    table_lock_.reset();
    auto told = announce_owner(undoing, Side::Target);
    if (!told.ok()) log::error("calling the rollback off: {}", told.error().message());
    TRY(open_target(undoing));
    TRY(undo_scope(undoing, *source_, Side::Source, std::string(kRollbackTriggers), journal_,
                   probe_));
    TRY(journal_.set_rolling_back(false));
    (void)context;
    return transition(MoveEvent::RollbackUndone);
}

// The old side is what somebody looks at next month, when something is missing: it gets what was
// written up to now. No reason to keep the move open if that cannot be done.
void Driver::carry_last_changes(Context const& context) {
    if (!journal_.content().reverse_kept) return;
    auto carried = start_reverse(context);
    if (carried.ok()) carried = backward_->round(context.within(limits::kBarrierTimeout));
    if (carried.ok()) return;
    log::warning("{}: finalized without the last changes on the old side: {}",
                 journal_.content().source, carried.error().message());
}

Result<void> Driver::finalize(Context const& context) {
    carry_last_changes(context);
    publish();
    backward_.reset();
    TRY(metadata::remove(context, *source_, journal_.content().move_id, probe_));
    TRY(metadata::remove(context, *target_, journal_.content().move_id, probe_));
    // The source keeps its rows, closed to the tenant: a stale client gets an error, never a lost
    // write.
    TRY(transition(MoveEvent::FinalizeDone));
    requests_.answer(Requests::Verb::Finalize, {});
    return {};
}

}  // namespace aipress::mover
