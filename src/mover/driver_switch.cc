// The write fence, the switch inside it, and the way back out of it.
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/log.h"
#include "base/subprocess.h"
#include "mover/driver.h"
#include "mover/gate_server.h"
#include "mover/limits.h"
#include "mover/schema_transfer.h"
#include "mysql/binlog/stream.h"

namespace aipress::mover {
namespace {

constexpr milliseconds kUndoTimeout{60'000};
constexpr unsigned kFenceAttempts = 3;
constexpr milliseconds kBetweenFences{3'000};

using Counters = std::map<std::string, std::uint64_t>;

Result<Counters> read_counters(Context const& context, mysql::Connection& connection) {
    if (connection.version().mysql_at_least(80'000)) {
        TRY(connection.execute(context, "SET SESSION information_schema_stats_expiry=0"));
    }
    auto const rows =
        TRY(connection.query(context,
                             "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES "
                             "WHERE TABLE_SCHEMA=DATABASE() AND AUTO_INCREMENT IS NOT NULL"));
    Counters counters;
    for (auto const& row : rows.rows) {
        std::uint64_t next = 0;
        std::from_chars(row[1]->data(), row[1]->data() + row[1]->size(), next);
        counters[*row[0]] = next;
    }
    return counters;
}

}  // namespace

Result<void> Driver::fence_and_switch(Context const& context) {
    // Accounts made since the session began. The target's gate has been closed since the schema.
    gate(Side::Source).fence_also(TRY(accounts_to_fence(context, Side::Source)));
    gate(Side::Target).fence_also(TRY(accounts_to_fence(context, Side::Target)));
    TRY(gate(Side::Target).close(context.within(limits::kBarrierTimeout), *target_));
    fence_began_ = clock_.now();
    TRY(transition(MoveEvent::FenceBegun));
    auto const budgeted = context.within(options_.fence_budget);
    auto closed = close_and_prove(budgeted);
    // The compare-and-set: one record of the journal, read back after a crash, never written twice.
    if (closed.ok() && !budgeted.expired()) {
        TRY(journal_.set_owner(Side::Target));
        return finish_switch(context);
    }
    auto error =
        closed.ok() ? Error(ErrorCode::DeadlineExceeded, "all but done") : closed.release_error();
    if (budgeted.expired() && !context.stopped()) {
        error = Error(ErrorCode::DeadlineExceeded,
                      fmt::format("the fence took longer than its budget of {} ms and was undone"
                                  " ({})",
                                  options_.fence_budget.count(), error.message()));
    }
    if (mysql::is_connection_error(error) || context.stopped()) return error;  // recover_fence
    bool const differs = error.code() == ErrorCode::DataLoss;
    TRY(undo_fence(context));
    requests_.answer(Requests::Verb::Switch, error);
    log::warning("{}: the switch was called off: {}", journal_.content().source, error.message());
    {
        std::lock_guard const lock(report_mutex_);
        report_.error = error.message();
    }
    if (differs) return error;
    if (++failed_fences_ >= kFenceAttempts) {
        return Error(ErrorCode::Aborted, fmt::format("the switch was called off {} times, last: {}",
                                                     failed_fences_, error.message()));
    }
    context.sleep(kBetweenFences);
    return {};
}

Result<void> Driver::close_and_prove(Context const& context) {
    TRY(gate(Side::Source).close(context, *source_).in_context("closing the source"));
    table_lock_ = TRY(mysql::Connection::open(context, options_.source));
    TRY(shut_tables(context, *table_lock_, table_names()));
    // Nobody can write any more: whatever the log holds up to the next heartbeat is all there is.
    TRY(forward_->drain(context).in_context("carrying the last changes over"));
    TRY(recopy_hidden_changes(context, *forward_));
    TRY(gate(Side::Source).check_closed(context, *source_));
    TRY(check_schema_unchanged(context));
    TRY(raise_counters(context, *source_, *target_));
    // Behind everything that the mover still has to write there, in front of the tenant's first
    // write.
    TRY(create_active_objects(context, *target_, Side::Target, active_schema(), EventsEnabled::No,
                              "active", journal_, probe_));
    TRY(gate(Side::Target).check_closed(context, *target_));
    TRY(journal_.set_reverse_kept(options_.reverse == ReverseMode::Keep));
    if (options_.reverse == ReverseMode::Keep) TRY(arm_reverse(context));
    TRY(table_lock_->query(context, "SELECT 1").in_context("the tables' lock was lost"));
    return announce_owner(context, Side::Target);
}

// R0 is read while both sides are closed, and the way back is tried before it is needed: its stream
// delivers a heartbeat, and its position can be written where the rows will be.
Result<void> Driver::arm_reverse(Context const& context) {
    auto const start = TRY(mysql::binlog::current_position(context, *target_));
    TRY(journal_.set_reverse_start(start));
    TRY(journal_.set_source_end(TRY(mysql::binlog::current_position(context, *source_))));
    TRY(metadata::save_position(context, *source_, journal_.content().move_id, start));
    TRY(start_reverse(context));
    auto const beat = TRY(backward_->heartbeat().beat(context));
    return backward_->follower().wait_for(context, beat).in_context("trying the way back");
}

// Foreign keys that cascade change rows that the log never names; tables without a key cannot be
// followed. Both are made equal here, with nobody writing.
Result<void> Driver::recopy_hidden_changes(Context const& context, CatchUp& leg) {
    bool const forward = &leg == forward_.get();
    auto const copied = TRY(leg.copy_keyless_tables(context));
    if (forward) {
        std::lock_guard const lock(report_mutex_);
        for (auto& table : report_.per_table) {
            auto const at = copied.find(table.table);
            if (at == copied.end()) continue;
            table.rows_estimate = at->second.rows;
            table.rows_copied = at->second.rows;
            table.rows_verified = at->second.rows;
            table.bytes_copied = at->second.bytes;
        }
        add_up_tables(report_);
        report_.tables_copied = report_.tables;
    }
    auto const children = tables_with_hidden_changes();
    if (children.empty()) return {};
    auto const& from = forward ? options_.source : options_.target;
    auto const& to = forward ? options_.target : options_.source;
    auto pairs = TRY(open_compare_pairs(context, from, to, 1));
    for (auto const& child : children) {
        auto const& layout = layouts_.at(child);
        if (!layout.has_key()) continue;
        auto const ranges =
            TRY(cut_ranges(context, pairs[0].target, layout, verify_range_rows(layout)));
        for (auto const& range : ranges) {
            auto const compared = TRY(compare_range(context, pairs[0], layout, range));
            for (auto const& key : compared.differing) TRY(leg.follower().add(child, key));
        }
    }
    return leg.drain(context);
}

Result<void> Driver::check_schema_unchanged(Context const& context) {
    auto const now = TRY(mysql::read_schema(context, *source_, options_.source.database));
    if (mysql::schema_hash(now) == journal_.content().schema_hash) return {};
    return Error(ErrorCode::FailedPrecondition,
                 "the schema was changed during the move; start the move again with a new journal "
                 "when the change is done");
}

// max(id)+1 is not enough: after deletes it would hand out numbers that were in use.
Result<void> Driver::raise_counters(Context const& context, mysql::Connection& from,
                                    mysql::Connection& to) {
    auto const wanted = TRY(read_counters(context, from));
    auto const present = TRY(read_counters(context, to));
    for (auto const& [table, next] : wanted) {
        auto const at = present.find(table);
        // A table that the other side does not have: made behind a way back that is broken.
        if (at == present.end() || at->second >= next) continue;
        TRY(to.execute(context, fmt::format("ALTER TABLE {} AUTO_INCREMENT={}",
                                            mysql::quote_identifier(table), next)));
    }
    return {};
}

bool Driver::announces_owner() const {
    return dependencies_.on_switch || !options_.on_switch.empty();
}

// What it did before it failed has to be taken back too.
Result<void> Driver::announce_owner(Context const& context, Side owner) {
    owner_announced_ = announces_owner();
    if (dependencies_.on_switch) {
        probe_.at("announce-owner.before");
        TRY(dependencies_.on_switch(context, owner).in_context("announcing the new owner"));
        probe_.at("announce-owner.after");
    }
    return run_switch_command(context, owner);
}

Result<void> Driver::run_switch_command(Context const& context, Side owner) {
    if (options_.on_switch.empty()) return {};
    auto const& endpoint = owner == Side::Source ? options_.source : options_.target;
    ProcessOptions process;
    process.arguments = {"sh", "-c", options_.on_switch};
    process.environment = {{"AIPRESS_OWNER", std::string(to_string(owner))},
                           {"AIPRESS_HOST", endpoint.host},
                           {"AIPRESS_PORT", std::to_string(endpoint.port)},
                           {"AIPRESS_DATABASE", endpoint.database},
                           {"AIPRESS_MOVE_ID", journal_.content().move_id}};
    probe_.at("switch-command.before");
    auto const result = TRY(run_process(context, process).in_context("the --on-switch command"));
    probe_.at("switch-command.after");
    if (result.status.success()) return {};
    constexpr std::size_t kMost = 500;
    auto const& text = result.standard_error;
    return Error(ErrorCode::Aborted,
                 fmt::format("the --on-switch command ended with {}: {}", result.status.describe(),
                             text.size() > kMost ? text.substr(text.size() - kMost) : text));
}

// Everything that the fence did, newest first; the tenant goes on at home.
Result<void> Driver::undo_fence(Context const& context) {
    auto const undoing = Context(clock_, Deadline::after(clock_, kUndoTimeout), std::stop_token());
    backward_.reset();
    table_lock_.reset();
    if (owner_announced_) {
        auto told = announce_owner(undoing, Side::Source);
        if (!told.ok()) log::error("calling the switch off: {}", told.error().message());
        owner_announced_ = false;
    }
    TRY(gate(Side::Source).open(undoing, *source_));
    {
        std::lock_guard const lock(report_mutex_);
        report_.fence_ms = elapsed_ms(fence_began_, clock_.now()).count();
    }
    TRY(undo_scope(undoing, *target_, Side::Target, "active", journal_, probe_));
    (void)context;
    return transition(forward_ ? MoveEvent::FenceUndone : MoveEvent::Restarted);
}

// Found in the state `fenced`: a process died, or a connection was lost. The owner decides.
Result<void> Driver::recover_fence(Context const& context) {
    bool const rolling_back = journal_.content().rolling_back;
    if (!rolling_back && journal_.content().owner == Side::Target) return finish_switch(context);
    if (rolling_back && journal_.content().owner == Side::Source) return give_back(context);
    if (rolling_back) return undo_rollback(context);
    fence_began_ = clock_.now();
    // A dead process may have run the command: the site must be told that it stays at home.
    owner_announced_ = announces_owner();
    forward_.reset();
    return undo_fence(context);
}

Result<void> Driver::open_target(Context const& context) {
    TRY(gate(Side::Target).open(context, *target_));
    std::set<std::string> wanted;
    for (auto const& object : objects_) {
        if (object.kind != mysql::ObjectKind::Event || !object.is_enabled) continue;
        wanted.insert(mysql::quote_identifier(options_.target.database) + "." +
                      mysql::quote_identifier(object.name));
    }
    for (auto const& event : TRY(list_events(context, *target_, options_.target.database, {}))) {
        if (event.is_enabled || !wanted.contains(event.object)) continue;
        // Without DEFINER, ALTER EVENT makes us the definer, and the tenant's event runs with the
        // mover's rights.
        TRY(alter_event(
            context, *target_, event,
            fmt::format("ALTER DEFINER={} EVENT {} ENABLE", event.definer, event.object)));
    }
    return {};
}

// Behind the compare-and-set there is only forward.
Result<void> Driver::finish_switch(Context const& context) {
    TRY(open_target(context));
    if (state() == State::Fenced) {
        if (fence_began_ != SteadyTime()) {
            std::lock_guard const lock(report_mutex_);
            report_.fence_ms = elapsed_ms(fence_began_, clock_.now()).count();
            report_.error.clear();
        }
        refresh_report();
        keep_totals();
        forward_.reset();
        table_lock_.reset();
        TRY(transition(MoveEvent::OwnerIsTarget));
        requests_.answer(Requests::Verb::Switch, {});
    }
    if (!journal_.content().reverse_kept) return finalize(context);
    // The passive side's triggers would fire for rows that already carry their effect.
    TRY(drop_triggers(context, *source_, Side::Source, active_schema(), probe_));
    TRY(start_reverse(context));
    return transition(MoveEvent::ReverseStarted);
}

}  // namespace aipress::mover
