// The mover at work beside the other steps: a thread carries the database while files are copied
// and things are made, waits for the word to switch, and keeps the way back afterwards.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/context.h"
#include "mover/move.h"

namespace aipress::migration {

// Thread safe.
class DatabaseMove {
public:
    // `journal`: the mover's. What they refer to outlives this.
    DatabaseMove(std::string journal, mover::MoveOptions options,
                 mover::MoveDependencies dependencies);
    ~DatabaseMove();  // stops the thread; the journal knows how far it got
    DatabaseMove(DatabaseMove const&) = delete;
    DatabaseMove& operator=(DatabaseMove const&) = delete;

    // Begins or carries on; nothing when it runs already. `rollback`: asked for before anything is
    // carried. Errors: those of mover::Move::open.
    Result<void> start(std::optional<mover::Move::RollbackRequest> rollback = std::nullopt);
    void stop();

    // Until the copy is verified and follows the source, or the switch is done already. Errors: why
    // the mover stopped.
    Result<void> wait_for_standby(Context const& context);
    // REQUIRES: start(). Each returns when it is done; safe to repeat.
    Result<void> switch_over(Context const& context);
    // Before the switch: gives the move up. Behind it: back to the source, no write lost.
    Result<void> roll_back(Context const& context, mover::Move::RollbackRequest request);
    Result<void> finalize(Context const& context);

    // The last that is known, from the journal when it does not run. Errors: NotFound.
    [[nodiscard]] Result<mover::Report> report() const;

private:
    using Ask = std::function<Result<void>(mover::Move&, std::stop_token)>;
    Result<void> wait_for(Context const& context,
                          std::function<bool(mover::Report const&)> const& is_reached);
    Result<void> ask(Context const& context, Ask const& ask);
    void run(std::stop_token const& stop);

    std::string const journal_;
    mover::MoveOptions const options_;
    mover::MoveDependencies const dependencies_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::unique_ptr<mover::Move> move_;
    std::optional<Result<void>> ended_;  // of the thread's run
    mover::Report report_;
    std::jthread thread_;
};

}  // namespace aipress::migration
