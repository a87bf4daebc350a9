// Wiring only: Ctrl-C, and the folder that everything lives in.
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <thread>

#include "testing/rehearsal/arguments.h"

namespace {

using namespace aipress;
using namespace aipress::rehearsal;

std::filesystem::path make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "aipress-rehearsal-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
        fmt::print(stderr, "cannot make a folder like {}\n", pattern);
        std::exit(1);
    }
    return pattern;
}

int carry_out(Arguments arguments, std::stop_token const& stop) {
    auto& options = arguments.rehearsal;
    options.stage.folder = make_folder();
    options.stage.say = [](std::string const& line) { fmt::print(stderr, "{}\n", line); };
    fmt::print(stderr, "seed {}, folder {}\n", options.stage.seed, options.stage.folder.string());

    SystemClock clock;
    Context const context(clock, Deadline::never(), stop);
    auto const result = rehearse(context, options);
    bool const good = result.ok() && result.value();
    if (!result.ok()) fmt::print(stderr, "aipress-rehearse: {}\n", result.error().message());

    bool const failed = !good && !stop.stop_requested();
    if (failed || arguments.log_folder == LogFolder::Keep) {
        fmt::print(stderr, "logs kept in {}\n", options.stage.folder.string());
    } else {
        std::error_code ignored;
        std::filesystem::remove_all(options.stage.folder, ignored);
    }
    return good ? 0 : 1;
}

// Before any other thread: all of them inherit the mask, and only this one takes the signals.
std::stop_token stop_on_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int const signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::stop_source stop;
    std::thread([signals, stop]() mutable {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0) {
            fmt::print(stderr, "\nstopping: everything is being taken down\n");
            stop.request_stop();
        }
    }).detach();
    return stop.get_token();
}

}  // namespace

int main(int argc, char** argv) {
    auto parsed = parse_arguments(argc, argv, AIPRESS_REHEARSAL_PHP);
    if (auto const* usage = std::get_if<UsageExit>(&parsed)) {
        fmt::print(usage->code == 0 ? stdout : stderr, "{}", usage->text);
        return usage->code;
    }
    auto const stop = stop_on_signals();
    std::signal(SIGPIPE, SIG_IGN);
    return carry_out(std::get<Arguments>(std::move(parsed)), stop);
}
