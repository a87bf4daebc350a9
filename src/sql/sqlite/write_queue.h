// Whose turn it is to write, among the threads of one process.
//
// Writers take turns in the order they came. One that has done its work while others wait does not
// commit, but hands the open transaction on: the last of such a group commits for all, so each does
// not pay for its own fsync. All wait for that commit.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "base/context.h"
#include "base/result.h"

namespace aipress::sql::sqlite {

// Writers that share a transaction of SQLite's.
struct CommitGroup {
    unsigned size = 0;                            // of those who worked in it so far
    bool is_over = false;                         // committed, or given up
    std::optional<Error> failure = std::nullopt;  // why it was given up
};

// Thread safe.
class WriteQueue {
public:
    // Waits for the turn. The group that the writer before left open, or nullptr; whoever has the
    // turn has to end it or to hand it on. Errors: Cancelled, DeadlineExceeded.
    [[nodiscard]] Result<std::shared_ptr<CommitGroup>> take_turn(Context const& context);

    // For whoever has the turn. False: nobody waits, so it keeps the turn.
    bool hand_on(std::shared_ptr<CommitGroup> const& open_group);
    // Waits for the end of a group that was handed on.
    void wait_for(CommitGroup const& group);
    // The group's end, and the next one's turn.
    void end(CommitGroup* group, std::optional<Error> failure);

    // How many wait for a turn.
    [[nodiscard]] std::size_t waiting() const {
        std::lock_guard const lock(mutex_);
        return waiting_.size();
    }

private:
    struct Writer {
        bool has_turn = false;
    };
    void next_turn();

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Writer*> waiting_;
    bool is_taken_ = false;
    std::shared_ptr<CommitGroup> open_;
};

}  // namespace aipress::sql::sqlite
