// Probes for tests of the real binary, chosen by the environment:
//   AIPRESS_KILL_AT=lock-account.after#2   SIGKILL when that point is passed the second time
//   AIPRESS_TRACE_POINTS=FILE              appends each point's name, a line each
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/probe.h"
#include "base/result.h"

namespace aipress {

struct KillPoint {
    std::string point;
    std::uint64_t occurrence = 1;  // the first is 1
};
// "point" or "point#occurrence". Errors: InvalidArgument.
[[nodiscard]] Result<KillPoint> parse_kill_point(std::string_view text);

class TestProbe final : public Probe {
public:
    // `kill_at.point` and `trace_path` may be empty. Errors: InvalidArgument when the file cannot
    // be written.
    [[nodiscard]] static Result<std::unique_ptr<TestProbe>> open(KillPoint kill_at,
                                                                 std::string const& trace_path);
    TestProbe(TestProbe const&) = delete;
    TestProbe& operator=(TestProbe const&) = delete;
    ~TestProbe() override;

    void at(std::string_view point) override;

private:
    TestProbe(KillPoint kill_at, int trace) : kill_at_(std::move(kill_at)), trace_(trace) {}

    KillPoint const kill_at_;
    int const trace_;  // -1: none
    std::mutex mutex_;
    std::uint64_t passed_ = 0;
};

// By the two variables; a NoProbe when neither is set. Errors: InvalidArgument.
[[nodiscard]] Result<std::unique_ptr<Probe>> probe_from_environment();

}  // namespace aipress
