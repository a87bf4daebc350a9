// The same work for a stream of items, from a bounded number of threads.
//
//     Workers<Item, Result<void>> workers(8, [&](unsigned worker, Item& item) { … });
//     while (more() && workers.add(next())) {}
//     if (auto failure = workers.finish()) return std::move(*failure);
//
// A thread begins when an item finds no other idle: no items, no threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace aipress {

// `Outcome` has ok(). One thread or several add; what these are told is theirs to heed.
template <typename Item, typename Outcome>
class Workers {
public:
    // `worker`: a number below `most` that no other call under way has.
    using Work = std::function<Outcome(unsigned worker, Item& item)>;
    // `on_failure` is stopped once the first failure is known for it: the failures of those that
    // are called off by it are later ones.
    Workers(unsigned most, Work work,
            std::stop_source on_failure = std::stop_source(std::nostopstate))
        : most_(most == 0 ? 1 : most), work_(std::move(work)), on_failure_(std::move(on_failure)) {}
    Workers(Workers const&) = delete;
    Workers& operator=(Workers const&) = delete;
    // Waits for what is under way; what waits is forgotten.
    ~Workers() {
        abandon();
        (void)finish();
    }

    // Waits while as many items wait as there may be workers. False: one has failed, or all were
    // abandoned; nothing is taken any more.
    bool add(Item item) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return closed_ || waiting_.size() < most_; });
        if (closed_) return false;
        waiting_.push_back(std::move(item));
        if (waiting_.size() > idle_ && threads_.size() < most_) {
            threads_.emplace_back(
                [this, worker = static_cast<unsigned>(threads_.size())] { run(worker); });
        }
        lock.unlock();
        more_.notify_one();
        return true;
    }

    // Takes no more, and forgets what waits. What is under way goes on.
    void abandon() {
        std::lock_guard const lock(mutex_);
        close();
    }

    // Waits until everything that was taken is done, or, after a failure, what is under way.
    // Returns the first failure. REQUIRES: nobody adds any more.
    [[nodiscard]] std::optional<Outcome> finish() {
        {
            std::lock_guard const lock(mutex_);
            finished_ = true;
        }
        more_.notify_all();
        threads_.clear();  // joins
        return std::move(failure_);
    }

private:
    void close() {
        closed_ = true;
        waiting_.clear();
        room_.notify_all();
    }

    void run(unsigned worker) {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_;
            more_.wait(lock, [&] { return !waiting_.empty() || closed_ || finished_; });
            --idle_;
            if (waiting_.empty()) return;
            auto item = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            room_.notify_one();
            auto outcome = work_(worker, item);
            lock.lock();
            if (outcome.ok()) continue;
            if (!failure_) failure_ = std::move(outcome);
            close();
            more_.notify_all();
            lock.unlock();
            on_failure_.request_stop();
            lock.lock();
        }
    }

    unsigned const most_;
    Work const work_;
    std::stop_source on_failure_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::condition_variable room_;
    std::deque<Item> waiting_;
    std::size_t idle_ = 0;
    bool closed_ = false;
    bool finished_ = false;
    std::optional<Outcome> failure_;
    std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace aipress
