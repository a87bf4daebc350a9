// Waiting for a server's socket, no longer than a context allows. Internal to postgres/.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <poll.h>
#include <stop_token>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/context.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::sql::postgres {

[[nodiscard]] inline Error over(Context const& context) {
    return context.stopped() ? Error(ErrorCode::Cancelled, "the statement was called off")
                             : Error(ErrorCode::DeadlineExceeded, "the statement's time is over");
}

// Waits for a socket, and notices a stop at once.
class Waiter {
public:
    explicit Waiter(Context const& context)
        : context_(context),
          stopped_(::eventfd(0, EFD_CLOEXEC)),
          on_stop_(context.stop(), [fd = stopped_.get()] {
              std::uint64_t const one = 1;
              (void)!::write(fd, &one, sizeof one);
          }) {}

    // The events that came. Errors: those of the context.
    Result<short> wait(int socket, short events) {
        std::array<pollfd, 2> watched{{{socket, events, 0}, {stopped_.get(), POLLIN, 0}}};
        for (;;) {
            if (context_.stopped() || context_.expired()) return over(context_);
            auto const remaining = context_.deadline().remaining(context_.clock());
            constexpr milliseconds kLongest{3'600'000};
            auto const timeout =
                context_.deadline().is_never() ? kLongest : std::min(remaining, kLongest);
            int const ready =
                ::poll(watched.data(), watched.size(), static_cast<int>(timeout.count()) + 1);
            if (ready > 0 && watched[0].revents != 0) return watched[0].revents;
        }
    }

private:
    Context const& context_;
    FileDescriptor stopped_;
    std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace aipress::sql::postgres
