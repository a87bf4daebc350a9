// SIGINT and SIGTERM as a stop token: the first asks for an orderly stop, the second ends the
// process at once.
#pragma once

#include <stop_token>
#include <thread>

namespace aipress {

// One a process. Children are not affected: a handler does not survive exec.
class StopOnSignals {
public:
    StopOnSignals();
    StopOnSignals(StopOnSignals const&) = delete;
    StopOnSignals& operator=(StopOnSignals const&) = delete;
    ~StopOnSignals();

    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    std::thread waiter_;
};

}  // namespace aipress
