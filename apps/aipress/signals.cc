#include "signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "base/assert.h"

namespace aipress {
namespace {

constexpr char kStop = 's';
constexpr char kLeave = 'l';

// A handler may only touch what is async-signal-safe: these, and write().
std::atomic<int> signals_seen = 0;
std::atomic<int> wake_up = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
    int const saved = errno;
    if (signals_seen.fetch_add(1) > 0) ::_exit(128 + signal);
    [[maybe_unused]] auto const written = ::write(wake_up, &kStop, 1);
    errno = saved;
}

void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ASSERT(::sigaction(signal, &action, nullptr) == 0);
}

}  // namespace

StopOnSignals::StopOnSignals() {
    int ends[2];
    ASSERT(::pipe2(ends, O_CLOEXEC) == 0);
    wake_up = ends[1];
    waiter_ = std::thread([this, reading = ends[0]] {
        char what = 0;
        while (::read(reading, &what, 1) == 1 && what != kLeave) source_.request_stop();
        ::close(reading);
    });
    set_handler(SIGINT, on_signal);
    set_handler(SIGTERM, on_signal);
    set_handler(SIGPIPE, SIG_IGN);  // a reader that has gone is an error of write(), not an end
}

StopOnSignals::~StopOnSignals() {
    set_handler(SIGINT, SIG_DFL);
    set_handler(SIGTERM, SIG_DFL);
    ASSERT(::write(wake_up, &kLeave, 1) == 1);
    waiter_.join();
    ::close(wake_up.exchange(-1));
}

}  // namespace aipress
