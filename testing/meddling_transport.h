// A network on which something happens at a certain request: what others do meanwhile, at the very
// moment that a test means.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gcp/transport.h"

namespace aipress::testing {

// Thread safe.
class MeddlingTransport final : public gcp::Transport {
public:
    // What carries the requests outlives it.
    explicit MeddlingTransport(gcp::Transport& network) : network_(network) {}

    // Before the `number`-th (from 1) request from now on of that method ("": any) whose
    // URL has `part`.
    void before(std::string method, std::string part, std::function<void()> action,
                int number = 1) {
        std::lock_guard const lock(mutex_);
        meddlings_.push_back({std::move(method), std::move(part), number, std::move(action)});
    }
    // Before each of them.
    void before_each(std::string method, std::string part, std::function<void()> action) {
        before(std::move(method), std::move(part), std::move(action), kEach);
    }
    void leave_alone() {
        std::lock_guard const lock(mutex_);
        meddlings_.clear();
    }
    // Requests so far, by method.
    [[nodiscard]] std::map<std::string, int> requests() const {
        std::lock_guard const lock(mutex_);
        return requests_;
    }
    void forget_requests() {
        std::lock_guard const lock(mutex_);
        requests_.clear();
    }

    Reply send(Context const& context, http::ClientRequest const& request) override {
        std::vector<std::function<void()>> due;
        {
            std::lock_guard const lock(mutex_);
            ++requests_[request.method];
            for (auto& one : meddlings_) {
                bool const is_meant = (one.method.empty() || one.method == request.method) &&
                                      request.url.find(one.part) != std::string::npos;
                if (!is_meant) continue;
                if (one.number != kEach) --one.number;
                if (one.number == kEach || one.number == 0) due.push_back(one.action);
            }
        }
        for (auto const& action : due) action();
        return network_.send(context, request);
    }

private:
    static constexpr int kEach = -1'000'000;
    struct Meddling {
        std::string method;
        std::string part;
        int number = 1;
        std::function<void()> action;
    };

    gcp::Transport& network_;
    mutable std::mutex mutex_;
    std::vector<Meddling> meddlings_;
    std::map<std::string, int> requests_;
};

}  // namespace aipress::testing
