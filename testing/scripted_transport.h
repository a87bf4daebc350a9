// A network that answers as a test says, and tells what it was asked.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gcp/transport.h"

namespace aipress::testing {

// Thread safe. Past the script's end every request is answered with 599.
class ScriptedTransport final : public gcp::Transport {
public:
    using Step = std::function<Reply(http::ClientRequest const&)>;

    void then(Step step) {
        std::lock_guard const lock(mutex_);
        steps_.push_back(std::move(step));
    }
    void then_answer(int status, std::string const& body = "{}",
                     http::Headers const& headers = {}) {
        then([=](http::ClientRequest const&) {
            return Reply{.response = http::ClientResponse{
                             .status = status, .headers = headers, .body = body}};
        });
    }
    void then_break(bool was_sent) {
        then([=](http::ClientRequest const&) {
            return Reply{.response = Error(ErrorCode::Unavailable, "the connection broke"),
                         .was_sent = was_sent};
        });
    }

    Reply send(Context const&, http::ClientRequest const& request) override {
        Step step;
        {
            std::lock_guard const lock(mutex_);
            requests_.push_back(request);
            if (!steps_.empty()) {
                step = std::move(steps_.front());
                steps_.pop_front();
            }
        }
        if (step) return step(request);
        return {.response =
                    http::ClientResponse{.status = 599, .body = "the script is at its end"}};
    }
    [[nodiscard]] std::vector<http::ClientRequest> requests() const {
        std::lock_guard const lock(mutex_);
        return requests_;
    }

private:
    mutable std::mutex mutex_;
    std::deque<Step> steps_;
    std::vector<http::ClientRequest> requests_;
};

}  // namespace aipress::testing
