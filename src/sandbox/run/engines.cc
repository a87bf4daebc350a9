#include "sandbox/run/engines.h"

#include <fstream>
#include <sstream>

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kProbeInterval{10};
constexpr milliseconds kGrace{3'000};
constexpr std::size_t kShownOfLog = 1000;

std::string end_of(fs::path const& log) {
    auto const text = read_text(log);
    return text.size() > kShownOfLog ? text.substr(text.size() - kShownOfLog) : text;
}

}  // namespace

std::string read_text(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

Result<void> wait_until(Context const& context, Process& process, fs::path const& log,
                        std::function<bool()> const& ready) {
    while (!ready()) {
        if (process.poll()) {
            return Error(ErrorCode::Unavailable, "ended at once: " + end_of(log));
        }
        if (!context.sleep(kProbeInterval)) {
            return Error(ErrorCode::Unavailable, "does not answer: " + end_of(log));
        }
    }
    return {};
}

void stop_gently(Process& process, int signal) {
    if (process.poll()) return;
    SystemClock clock;
    process.send_signal(signal);
    (void)process.wait(Context(clock, Deadline::after(clock, kGrace), {}));
}

}  // namespace aipress::sandbox::run
