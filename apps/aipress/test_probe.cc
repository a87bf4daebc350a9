#include "test_probe.h"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace aipress {

Result<KillPoint> parse_kill_point(std::string_view text) {
    auto const hash = text.rfind('#');
    KillPoint kill_point{std::string(text.substr(0, hash)), 1};
    if (hash != std::string_view::npos) {
        auto const number = text.substr(hash + 1);
        auto const* const end = number.data() + number.size();
        auto const [read_to, failure] = std::from_chars(number.data(), end, kill_point.occurrence);
        if (failure != std::errc() || read_to != end) kill_point.occurrence = 0;
    }
    if (kill_point.point.empty() || kill_point.occurrence == 0) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("AIPRESS_KILL_AT: '{}' is not POINT or POINT#OCCURRENCE", text));
    }
    return kill_point;
}

Result<std::unique_ptr<TestProbe>> TestProbe::open(KillPoint kill_at,
                                                   std::string const& trace_path) {
    int trace = -1;
    if (!trace_path.empty()) {
        trace = ::open(trace_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (trace < 0) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("AIPRESS_TRACE_POINTS: cannot write '{}'", trace_path));
        }
    }
    return std::unique_ptr<TestProbe>(new TestProbe(std::move(kill_at), trace));
}

TestProbe::~TestProbe() {
    if (trace_ >= 0) ::close(trace_);
}

void TestProbe::at(std::string_view point) {
    std::lock_guard const lock(mutex_);
    if (trace_ >= 0) {
        auto const line = fmt::format("{}\n", point);
        // A short trace fails the test that reads it.
        [[maybe_unused]] auto const written = ::write(trace_, line.data(), line.size());
    }
    if (point == kill_at_.point && ++passed_ == kill_at_.occurrence) ::raise(SIGKILL);
}

Result<std::unique_ptr<Probe>> probe_from_environment() {
    auto const* const kill_at = std::getenv("AIPRESS_KILL_AT");
    auto const* const trace = std::getenv("AIPRESS_TRACE_POINTS");
    if (kill_at == nullptr && trace == nullptr) return std::unique_ptr<Probe>(new NoProbe);
    auto const kill_point = kill_at == nullptr ? KillPoint{} : TRY(parse_kill_point(kill_at));
    return std::unique_ptr<Probe>(TRY(TestProbe::open(kill_point, trace == nullptr ? "" : trace)));
}

}  // namespace aipress
