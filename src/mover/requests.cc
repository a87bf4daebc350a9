#include "mover/driver.h"

namespace aipress::mover {

void Requests::ask(Verb verb) {
    std::lock_guard const lock(mutex_);
    wanted_.insert(verb);
    ++news_;
    changed_.notify_all();
}

bool Requests::wants(Verb verb) const {
    std::lock_guard const lock(mutex_);
    return wanted_.contains(verb);
}

void Requests::answer(Verb verb, Result<void> const& result) {
    std::lock_guard const lock(mutex_);
    wanted_.erase(verb);
    ++answers_[verb];
    last_error_[verb] = result.ok() ? std::nullopt : std::optional(result.error());
    changed_.notify_all();
}

Result<void> Requests::ask_and_wait(Verb verb, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    auto const before = answers_[verb];
    wanted_.insert(verb);
    ++news_;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return answers_[verb] != before; });
    if (answers_[verb] == before) {
        return Error(ErrorCode::Unavailable, "the move's process ended before it had an answer");
    }
    if (last_error_[verb]) return *last_error_[verb];
    return {};
}

void Requests::set_paused(bool paused) {
    std::lock_guard const lock(mutex_);
    paused_ = paused;
    ++news_;
    changed_.notify_all();
}

bool Requests::is_paused() const {
    std::lock_guard const lock(mutex_);
    return paused_;
}

void Requests::accept_loss() {
    std::lock_guard const lock(mutex_);
    loss_accepted_ = true;
}

bool Requests::loss_accepted() const {
    std::lock_guard const lock(mutex_);
    return loss_accepted_;
}

void Requests::wait_for_news(std::stop_token const& stop, milliseconds most) {
    std::unique_lock lock(mutex_);
    auto const before = news_;
    changed_.wait_for(lock, stop, most, [&] { return news_ != before; });
}

}  // namespace aipress::mover
