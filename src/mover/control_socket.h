// Lines over a Unix socket whose every wait can be called off. The socket's path may be longer than
// the 108 bytes that an address holds.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "base/assert.h"
#include "base/context.h"
#include "base/result.h"

namespace aipress::mover {

class FileDescriptor {
public:
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FileDescriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool valid() const { return number_ >= 0; }

private:
    int number_;
};

// Turns a stop request into something poll() wakes up for.
class StopSignal {
public:
    explicit StopSignal(std::stop_token stop)
        : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          on_stop_(std::move(stop), Wake{event_}) {
        ASSERT(event_.valid());
    }
    [[nodiscard]] int descriptor() const { return event_.get(); }

private:
    struct Wake {
        FileDescriptor const& event;
        void operator()() const {
            std::uint64_t const one = 1;
            // Fails only when the counter is full, and then poll() wakes up anyway.
            [[maybe_unused]] auto const written = ::write(event.get(), &one, sizeof one);
        }
    };
    FileDescriptor event_;
    std::stop_callback<Wake> on_stop_;
};

// Waits until the socket is ready for `events` of poll(). Errors: Cancelled, DeadlineExceeded.
[[nodiscard]] Result<void> await_socket(Context const& context, StopSignal const& stop, int socket,
                                        short events);
[[nodiscard]] Result<void> send_line(Context const& context, StopSignal const& stop, int socket,
                                     std::string line);
// The next line without its end; what came behind it stays in `pending`. Errors: Unavailable when
// the other side hangs up, ResourceExhausted for a line longer than `longest`.
[[nodiscard]] Result<std::string> receive_line(Context const& context, StopSignal const& stop,
                                               int socket, std::string& pending,
                                               std::size_t longest);

// Mode 0600, non-blocking; replaces a socket that is there. Errors: Unavailable.
[[nodiscard]] Result<FileDescriptor> listen_at(std::string const& path);
// Errors: NotFound when nobody listens there, Unavailable.
[[nodiscard]] Result<FileDescriptor> connect_to(std::string const& path);

}  // namespace aipress::mover
