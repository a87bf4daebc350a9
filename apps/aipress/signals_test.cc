#include "signals.h"

#include <csignal>
#include <future>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aipress {
namespace {

// Runs `body` in a process of its own; its exit code.
template <typename Body>
int exit_code_of(Body body) {
    pid_t const child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void wait_for_stop(std::stop_token const& token) {
    std::promise<void> stopped;
    std::stop_callback const on_stop(token, [&] { stopped.set_value(); });
    stopped.get_future().wait();
}

TEST(StopOnSignalsTest, FirstSignalRequestsStop) {
    for (int const signal : {SIGINT, SIGTERM}) {
        EXPECT_EQ(exit_code_of([signal] {
                      StopOnSignals const signals;
                      ::raise(signal);
                      wait_for_stop(signals.token());
                      return 7;
                  }),
                  7);
    }
}

TEST(StopOnSignalsTest, SecondSignalEndsTheProcess) {
    EXPECT_EQ(exit_code_of([] {
                  StopOnSignals const signals;
                  ::raise(SIGINT);
                  wait_for_stop(signals.token());
                  ::raise(SIGINT);
                  return 7;
              }),
              128 + SIGINT);
}

TEST(StopOnSignalsTest, WithoutASignalNothingIsStoppedAndItEnds) {
    StopOnSignals const signals;
    EXPECT_FALSE(signals.token().stop_requested());
}

}  // namespace
}  // namespace aipress
