#include "sql/sqlite/write_queue.h"

#include <algorithm>

#include "base/assert.h"
#include "sql/wait.h"

namespace aipress::sql::sqlite {

Result<std::shared_ptr<CommitGroup>> WriteQueue::take_turn(Context const& context) {
    std::unique_lock lock(mutex_);
    if (!is_taken_) {
        ASSERT(waiting_.empty() && open_ == nullptr);
        is_taken_ = true;
        return std::shared_ptr<CommitGroup>();
    }
    Writer self;
    waiting_.push_back(&self);
    // A turn that came in the last moment is taken all the same: somebody's commit may hang on it.
    if (wait_until_so(changed_, lock, context, [&] { return self.has_turn; })) {
        return std::move(open_);
    }
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &self));
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off while others wrote");
    return Error(ErrorCode::DeadlineExceeded, "the store was busy with others' writes");
}

void WriteQueue::next_turn() {
    if (waiting_.empty()) {
        is_taken_ = false;
        return;
    }
    waiting_.front()->has_turn = true;
    waiting_.pop_front();
}

bool WriteQueue::hand_on(std::shared_ptr<CommitGroup> const& open_group) {
    std::lock_guard const lock(mutex_);
    if (waiting_.empty()) return false;
    open_ = open_group;
    next_turn();
    changed_.notify_all();
    return true;
}

void WriteQueue::wait_for(CommitGroup const& group) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return group.is_over; });
}

void WriteQueue::end(CommitGroup* group, std::optional<Error> failure) {
    std::lock_guard const lock(mutex_);
    if (group != nullptr) {
        group->is_over = true;
        group->failure = std::move(failure);
    }
    next_turn();
    changed_.notify_all();
}

}  // namespace aipress::sql::sqlite
