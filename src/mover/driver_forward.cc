// Preflight to standby, and the way out before the switch.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <future>

#include "base/log.h"
#include "mover/driver.h"
#include "mover/limits.h"
#include "mover/objects_json.h"
#include "mover/schema_transfer.h"
#include "mover/snapshot.h"

namespace aipress::mover {

Result<void> Driver::run_preflight(Context const& context) {
    preflight_ = TRY(preflight(context, *source_, *target_, options_, TargetContent::MustBeEmpty));
    std::vector<Refusal> refused;
    for (auto const& fault : preflight_.faults()) {
        refused.push_back({fault.code, fault.object, fault.message, fault.fix});
    }
    {
        std::lock_guard const lock(report_mutex_);
        report_.refused = refused;
    }
    if (!refused.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("preflight found {} fault{}; nothing was changed", refused.size(),
                                 refused.size() == 1 ? "" : "s"));
    }
    TRY(transition(MoveEvent::PreflightPassed));
    close_session();  // the next one reads the schema
    return {};
}

Result<void> Driver::make_schema(Context const& context) {
    {
        std::lock_guard const lock(report_mutex_);
        report_.tables = schema_->tables.size();
        report_.per_table.clear();
        for (auto const& table : schema_->tables) {
            TableReport entry;
            entry.table = table.name;
            entry.rows_estimate = table.row_estimate;
            entry.bytes_estimate = table.data_bytes;
            entry.mode = layouts_.at(table.name).has_key() ? "live" : "late";
            report_.per_table.push_back(entry);
        }
        add_up_tables(report_);
    }
    publish();
    TRY(metadata::install(context, *source_, journal_.content().move_id, probe_));
    TRY(metadata::install(context, *target_, journal_.content().move_id, probe_));
    // From here to the switch nobody but the mover writes to the target's database.
    TRY(gate(Side::Target).close(context.within(limits::kBarrierTimeout), *target_));
    TRY(journal_.set_schema(mysql::schema_hash(*schema_), objects_to_json(schema_->objects)));
    TRY(create_tables(context, *target_, Side::Target, *schema_, journal_, probe_));
    TRY(create_passive_objects(context, *target_, Side::Target, *schema_, journal_, probe_));
    TRY(transition(MoveEvent::SchemaMade));
    close_session();  // the next one has the target's database as its default
    return {};
}

Result<void> Driver::start_forward(Context const& context) {
    if (forward_) return {};
    ASSERT(journal_.content().start.has_value());
    auto leg = leg_from(Side::Source, *journal_.content().start);
    auto const saved = TRY(metadata::read_position(context, *target_, leg.move_id));
    if (saved) leg.start = *saved;
    forward_ = TRY(CatchUp::start(context, std::move(leg), layouts_, probe_));
    return {};
}

Result<void> Driver::copy(Context const& context) {
    auto const began = clock_.now();
    std::vector<mysql::Connection> readers;
    for (unsigned i = 0; i < options_.workers; ++i) {
        readers.push_back(TRY(mysql::Connection::open(context, options_.source)));
    }
    if (!journal_.content().start) {
        auto beat = TRY(mysql::Connection::open(context, options_.source, {.use_database = false}));
        metadata::Heartbeat heartbeat(beat, journal_.content().move_id);
        auto const start =
            TRY(open_snapshots(context, *source_, heartbeat, readers, table_names()));
        log::info("the stream starts at {}; tables were locked for {} ms",
                  start.position.to_string(), start.locked.count());
        TRY(journal_.set_start(start.position));
    } else {
        for (auto& reader : readers) TRY(open_snapshot(context, reader));
    }
    TRY(start_forward(context));
    TRY(copy_with(context, readers));
    {
        std::lock_guard const lock(report_mutex_);
        report_.copy_ms += elapsed_ms(began, clock_.now()).count();
        report_.throttled_by.clear();
    }
    return transition(MoveEvent::Copied);
}

Result<void> Driver::copy_with(Context const& context, std::vector<mysql::Connection>& readers) {
    Copier copier({options_.target, journal_.content().move_id}, *schema_, layouts_,
                  forward_->follower(), rest_, probe_);
    auto result = watch_copy(context, copier, readers);
    note_progress(copier);
    return result;
}

void Driver::note_progress(Copier const& copier) {
    auto const progress = copier.progress();
    std::lock_guard const lock(report_mutex_);
    report_.tables_copied = 0;
    for (auto& table : report_.per_table) {
        auto const at = progress.find(table.table);
        if (at == progress.end()) continue;
        table.rows_copied = at->second.rows;
        table.bytes_copied = at->second.bytes;
        if (!at->second.is_copied) continue;
        table.rows_estimate = table.rows_copied;
        table.bytes_estimate = table.bytes_copied;
        ++report_.tables_copied;
    }
    add_up_tables(report_);
}

// The copy runs on its own threads; this one keeps an eye on it.
Result<void> Driver::watch_copy(Context const& context, Copier& copier,
                                std::vector<mysql::Connection>& readers) {
    std::stop_source abandon;
    std::stop_callback const on_stop(context.stop(), [&] { abandon.request_stop(); });
    auto running = std::async(std::launch::async, [&] {
        return copier.run(context.stopped_by(abandon.get_token()), readers);
    });
    std::optional<Error> failure;
    while (running.wait_for(limits::kThrottleCheck) != std::future_status::ready) {
        auto reason = reason_to_rest(context);
        auto const follower = forward_->follower().status();
        if (requests_.wants(Requests::Verb::Rollback)) {
            failure = Error(ErrorCode::Cancelled, "rolled back on request");
        } else if (follower.failure) {
            failure = *follower.failure;
        } else if (!reason.ok()) {
            failure = reason.release_error();
        }
        if (failure) {
            abandon.request_stop();
            rest_.set(false);
            running.wait();
            // A rollback is carried out by advance_once.
            if (requests_.wants(Requests::Verb::Rollback)) return abort_move(context);
            return *failure;
        }
        rest_.set(!reason->empty());
        last_success_ = clock_.now();
        note_progress(copier);
        {
            std::lock_guard const lock(report_mutex_);
            report_.throttled_by = *reason;
        }
        publish();
    }
    return running.get();
}

// Why the copy should rest now; empty when it should not.
Result<std::string> Driver::reason_to_rest(Context const& context) {
    if (requests_.is_paused()) {
        if (!journal_.content().paused) TRY(journal_.set_paused(true));
        return std::string("paused");
    }
    if (journal_.content().paused) TRY(journal_.set_paused(false));
    auto const beat = forward_->follower().status().lag_ms;
    // A heartbeat that is on its way says how far the stream is behind.
    if (beat < limits::kThrottleCheck.count()) {
        forward_->follower().expect(TRY(forward_->heartbeat().beat(context)));
    }
    if (beat > options_.max_lag.count()) {
        return fmt::format("the stream is {} s behind", beat / 1000);
    }
    if (options_.max_source_load > 0) {
        auto const threads =
            TRY(source_->query(context, "SHOW GLOBAL STATUS LIKE 'Threads_running'"));
        auto const text = threads.rows.empty() ? "0" : threads.rows[0][1].value_or("0");
        unsigned running = 0;
        std::from_chars(text.data(), text.data() + text.size(), running);
        if (running > options_.max_source_load) {
            return fmt::format("the source runs {} threads, more than {}", running,
                               options_.max_source_load);
        }
    }
    return std::string();
}

Result<void> Driver::catch_up(Context const& context) {
    auto const began = clock_.now();
    TRY(start_forward(context));
    // A restart may have found the schema changed while nobody looked.
    TRY(check_schema_unchanged(context));
    while (true) {
        TRY(forward_->round(context));
        auto const status = forward_->follower().status();
        if (status.dirty_keys < limits::kSwitchKeys) break;
        TRY(pause_point(context));
        if (requests_.wants(Requests::Verb::Rollback)) return {};
    }
    {
        std::lock_guard const lock(report_mutex_);
        report_.catchup_ms += elapsed_ms(began, clock_.now()).count();
    }
    return transition(MoveEvent::CaughtUp);
}

Result<void> Driver::check_differences(CatchUp const& leg) {
    if (leg.differences().empty()) return {};
    auto const& first = leg.differences()[0];
    return Error(ErrorCode::DataLoss,
                 fmt::format("{} rows differ that no change on its way explains, the first {} {} "
                             "({}); `aipress database verify` lists them",
                             leg.differences().size(), first.table, first.key, first.what));
}

// Every row of both sides, with rounds in between so that the lag stays small.
Result<void> Driver::verify_all(Context const& context, CatchUp& leg) {
    bool const forward = &leg == forward_.get();
    auto const& from = forward ? options_.source : options_.target;
    auto const& to = forward ? options_.target : options_.source;
    auto pairs = TRY(open_compare_pairs(context, from, to, std::min(options_.workers, 4u)));
    auto pass = TRY(VerificationPass::begin(context, std::move(pairs), layouts_));
    // The round behind the last step finds out about that step's suspects.
    for (bool last_round = false; !last_round;) {
        last_round = pass.is_done();
        TRY(leg.round(context));
        TRY(check_differences(leg));
        TRY(pass.step(context, [&](std::string const& table, std::vector<RowKey> keys) {
            leg.suspect(table, std::move(keys));
        }));
        if (forward) {
            std::lock_guard const lock(report_mutex_);
            for (auto& table : report_.per_table) {
                auto const at = pass.rows_by_table().find(table.table);
                if (at != pass.rows_by_table().end()) table.rows_verified = at->second;
            }
            add_up_tables(report_);
        }
        TRY(pause_point(context));
        if (requests_.wants(Requests::Verb::Rollback) && forward) return {};
    }
    return {};
}

Result<void> Driver::verify(Context const& context) {
    auto const began = clock_.now();
    TRY(verify_all(context, *forward_));
    if (requests_.wants(Requests::Verb::Rollback)) return {};
    {
        std::lock_guard const lock(report_mutex_);
        report_.verify_ms += elapsed_ms(began, clock_.now()).count();
    }
    return transition(MoveEvent::Verified);
}

Driver::Readiness Driver::readiness() const {
    if (requests_.wants(Requests::Verb::Switch)) return Readiness::Switch;
    if (options_.switch_when == SwitchWhen::Manual) return Readiness::Wait;
    if (options_.switch_when == SwitchWhen::Now) return Readiness::Switch;
    auto const status = forward_->follower().status();
    bool const close = status.lag_ms >= 0 && status.lag_ms < limits::kSwitchLag.count() &&
                       status.dirty_keys < limits::kSwitchKeys &&
                       forward_->unverified_keys() < limits::kSwitchKeys;
    return close ? Readiness::Switch : Readiness::Wait;
}

Result<void> Driver::stand_by(Context const& context) {
    auto const began = clock_.now();
    while (!requests_.wants(Requests::Verb::Rollback)) {
        auto const round_began = clock_.now();
        TRY(forward_->round(context));
        TRY(check_differences(*forward_));
        {
            std::lock_guard const lock(report_mutex_);
            report_.catchup_ms += elapsed_ms(round_began, clock_.now()).count();
        }
        TRY(pause_point(context));
        if (readiness() == Readiness::Switch) {
            auto const keys_before = forward_->unverified_keys();
            // What was carried over and not compared yet would cost time in the fence.
            if (keys_before > limits::kSwitchKeys &&
                elapsed_ms(began, clock_.now()) < options_.fence_budget) {
                continue;
            }
            return fence_and_switch(context);
        }
        requests_.wait_for_news(context.stop(), limits::kRoundPause);
    }
    return {};
}

Result<void> Driver::abort_move(Context const& context) {
    auto const undoing =
        Context(clock_, Deadline::after(clock_, milliseconds(120'000)), context.stop());
    forward_.reset();
    table_lock_.reset();
    if (!source_ || !source_->usable() || !target_ || !target_->usable()) {
        close_session();
        TRY(open_session(undoing));
    }
    TRY(gate(Side::Source).open(undoing, *source_));
    if (state() != State::Preflight) {
        TRY(undo_scope(undoing, *target_, Side::Target, "active", journal_, probe_));
        TRY(undo_scope(undoing, *target_, Side::Target, "schema", journal_, probe_));
        TRY(gate(Side::Target).open(undoing, *target_));
        TRY(metadata::remove(undoing, *target_, journal_.content().move_id, probe_));
        TRY(metadata::remove(undoing, *source_, journal_.content().move_id, probe_));
    }
    TRY(transition(MoveEvent::AbortDone));
    requests_.answer(Requests::Verb::Rollback, {});
    return {};
}

}  // namespace aipress::mover
