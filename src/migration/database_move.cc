#include "migration/database_move.h"

#include <fmt/format.h>
#include <utility>

#include "mover/state.h"

namespace aipress::migration {
namespace {

using mover::State;

// The preflight's faults, each with what mends it.
Error with_refusals(Error const& error, mover::Report const& report) {
    auto text = error.message();
    for (auto const& refusal : report.refused) {
        text += fmt::format("; {} {}: {} (mend it: {})", refusal.code, refusal.object,
                            refusal.message, refusal.fix);
    }
    return {error.code(), std::move(text)};
}

}  // namespace

DatabaseMove::DatabaseMove(std::string journal, mover::MoveOptions options,
                           mover::MoveDependencies dependencies)
    : journal_(std::move(journal)),
      options_(std::move(options)),
      dependencies_(std::move(dependencies)) {}

DatabaseMove::~DatabaseMove() {
    stop();
}

Result<void> DatabaseMove::start(std::optional<mover::Move::RollbackRequest> rollback) {
    std::unique_lock lock(mutex_);
    if (move_ && !ended_) return {};
    if (thread_.joinable()) {
        lock.unlock();
        thread_.join();
        lock.lock();
    }
    move_.reset();
    ended_.reset();
    auto dependencies = dependencies_;
    dependencies.on_progress = [this](mover::Report const& report) {
        {
            std::lock_guard const guard(mutex_);
            report_ = report;
        }
        changed_.notify_all();
        if (dependencies_.on_progress) dependencies_.on_progress(report);
    };
    move_ = TRY(mover::Move::open(journal_, options_, std::move(dependencies)));
    report_ = move_->report();
    if (rollback) move_->request_rollback(*rollback);
    thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
    return {};
}

void DatabaseMove::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    std::lock_guard const lock(mutex_);
    move_.reset();  // and with it the lock on the journal
}

void DatabaseMove::run(std::stop_token const& stop) {
    auto result = move_->run(stop, mover::Goal::Carry);
    {
        std::lock_guard const lock(mutex_);
        report_ = move_->report();
        ended_ = std::move(result);
    }
    changed_.notify_all();
}

Result<void> DatabaseMove::wait_for(Context const& context,
                                    std::function<bool(mover::Report const&)> const& is_reached) {
    std::unique_lock lock(mutex_);
    ASSERT(move_ != nullptr);
    auto const is_settled = [&] { return ended_.has_value() || is_reached(report_); };
    auto const deadline = context.deadline();
    if (deadline.is_never()) {
        changed_.wait(lock, context.stop(), is_settled);
    } else {
        changed_.wait_until(lock, context.stop(), deadline.time(), is_settled);
    }
    if (is_reached(report_)) return {};
    if (ended_ && !ended_->ok()) return with_refusals(ended_->error(), report_);
    if (ended_) {
        return Error(ErrorCode::FailedPrecondition,
                     "the database's move is over: " + std::string(to_string(report_.state)));
    }
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped");
    return Error(ErrorCode::DeadlineExceeded,
                 "the database's move stands at " + std::string(to_string(report_.state)));
}

Result<void> DatabaseMove::wait_for_standby(Context const& context) {
    return wait_for(context, [](mover::Report const& report) {
        return report.state == State::Standby || mover::is_switched(report.state);
    });
}

// The asking thread is let go when the mover's own thread ends without an answer.
Result<void> DatabaseMove::ask(Context const& context, Ask const& ask) {
    std::stop_source given_up;
    std::stop_callback const called_off(context.stop(), [&] { given_up.request_stop(); });
    std::jthread const watcher([&](std::stop_token const& answered) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, answered, [&] { return ended_.has_value(); });
        if (!answered.stop_requested()) given_up.request_stop();
    });
    auto asked = ask(*move_, given_up.get_token());
    std::lock_guard const lock(mutex_);
    // Why it ended says more than that it ended.
    if (!asked.ok() && ended_ && !ended_->ok() && !mover::is_terminal(report_.state))
        return ended_->error();
    return asked;
}

Result<void> DatabaseMove::switch_over(Context const& context) {
    TRY(wait_for_standby(context));
    if (!mover::is_switched(TRY(report()).state)) {
        TRY(ask(context, [](mover::Move& move, std::stop_token stop) {
            return move.switch_now(std::move(stop));
        }));
    }
    return wait_for(context,
                    [](mover::Report const& report) { return mover::is_switched(report.state); });
}

Result<void> DatabaseMove::roll_back(Context const& context, mover::Move::RollbackRequest request) {
    auto const is_back = [](mover::Report const& report) {
        return report.state == State::Aborted || report.state == State::RolledBack;
    };
    if (is_back(TRY(report()))) return {};
    if (request.accept_loss) move_->request_rollback(request);
    auto const asked = ask(context, [](mover::Move& move, std::stop_token stop) {
        return move.roll_back_now(std::move(stop));
    });
    if (!asked.ok() && !is_back(TRY(report()))) return asked;
    return wait_for(context, is_back);
}

Result<void> DatabaseMove::finalize(Context const& context) {
    auto const is_final = [](mover::Report const& report) {
        return report.state == State::Finalized;
    };
    if (is_final(TRY(report()))) return {};
    auto const asked = ask(context, [](mover::Move& move, std::stop_token stop) {
        return move.finalize_now(std::move(stop));
    });
    if (!asked.ok() && !is_final(TRY(report()))) return asked;
    return wait_for(context, is_final);
}

Result<mover::Report> DatabaseMove::report() const {
    {
        std::lock_guard const lock(mutex_);
        if (move_) return report_;
    }
    return mover::read_journal_report(journal_);
}

}  // namespace aipress::migration
