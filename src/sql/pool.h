// A bounded number of connections, kept between uses.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "sql/wait.h"

namespace aipress::sql {

// Thread safe.
template <typename Connection>
class Pool {
public:
    explicit Pool(std::size_t most) : most_(most == 0 ? 1 : most) {}

    // Waits until there is one; nullptr: there may be one more, which the caller makes. What was
    // taken is given back. Errors: Cancelled, DeadlineExceeded.
    [[nodiscard]] Result<std::unique_ptr<Connection>> take(Context const& context) {
        std::unique_lock lock(mutex_);
        auto const is_free = [&] { return taken_ < most_; };
        if (!wait_until_so(given_back_, lock, context, is_free)) {
            return context.stopped()
                       ? Error(ErrorCode::Cancelled, "called off while all connections were busy")
                       : Error(ErrorCode::DeadlineExceeded,
                               "all connections to the store are busy");
        }
        ++taken_;
        if (idle_.empty()) return std::unique_ptr<Connection>();
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
    }
    // nullptr: it is gone.
    void give_back(std::unique_ptr<Connection> connection) {
        std::lock_guard const lock(mutex_);
        --taken_;
        if (connection != nullptr) idle_.push_back(std::move(connection));
        given_back_.notify_one();
    }
    // Those that rest: given to the caller, who ends them.
    [[nodiscard]] std::vector<std::unique_ptr<Connection>> take_idle() {
        std::lock_guard const lock(mutex_);
        return std::exchange(idle_, {});
    }

private:
    std::size_t const most_;
    std::mutex mutex_;
    std::condition_variable_any given_back_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t taken_ = 0;
};

}  // namespace aipress::sql
