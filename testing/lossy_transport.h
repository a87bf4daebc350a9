// A network that loses answers: the server has done what it was asked, and the client does not
// hear.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "gcp/transport.h"

namespace aipress::testing {

// Thread safe.
class LossyTransport final : public gcp::Transport {
public:
    enum class Loss {
        Answer,
        Request,  // the connection is never made: the server hears nothing
    };
    // The next `count` of that method whose URL has `part`.
    void lose(std::string method, std::string part, int count = 1, Loss loss = Loss::Answer) {
        std::lock_guard const lock(mutex_);
        method_ = std::move(method);
        part_ = std::move(part);
        count_ = count;
        loss_ = loss;
    }
    // What is done to every answer that arrives.
    void change_answers(std::function<void(http::ClientResponse&)> change) {
        std::lock_guard const lock(mutex_);
        change_ = std::move(change);
    }
    // Losses that are still to come: 0 shows that a test met what it asked for.
    [[nodiscard]] int left() const {
        std::lock_guard const lock(mutex_);
        return count_;
    }

    Reply send(Context const& context, http::ClientRequest const& request) override {
        bool is_lost = false;
        {
            std::lock_guard const lock(mutex_);
            is_lost = count_ > 0 && request.method == method_ &&
                      request.url.find(part_) != std::string::npos;
            if (is_lost) --count_;
            if (is_lost && loss_ == Loss::Request) {
                return {.response = Error(ErrorCode::Unavailable, "no connection"),
                        .was_sent = false};
            }
        }
        auto reply = network_.send(context, request);
        if (is_lost) {
            return {.response = Error(ErrorCode::Unavailable, "the answer was lost"),
                    .was_sent = true};
        }
        std::lock_guard const lock(mutex_);
        if (change_ && reply.response.ok()) change_(reply.response.value());
        return reply;
    }

private:
    gcp::HttpTransport network_;
    mutable std::mutex mutex_;
    std::string method_;
    std::string part_;
    int count_ = 0;
    Loss loss_ = Loss::Answer;
    std::function<void(http::ClientResponse&)> change_;
};

}  // namespace aipress::testing
