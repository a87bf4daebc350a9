// Wiring only: Ctrl-C, and the folder that everything lives in.
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "testing/rehearsal/arguments.h"
#include "testing/rehearsal/drill/arguments.h"
#include "testing/rehearsal/drill/drill.h"

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

// What a rehearsal is given and says; true when all holds.
using Rehearse =
    std::function<Result<bool>(Context const& context, std::filesystem::path const& folder,
                               std::function<void(std::string const&)> const& say)>;

int carry_out(LogFolder log_folder, std::stop_token const& stop, Rehearse const& rehearse) {
    auto const folder = make_folder();
    fmt::print(stderr, "folder {}\n", folder.string());
    std::mutex mutex;
    SystemClock clock;
    auto const began = clock.now();
    auto const say = [&](std::string const& line) {
        std::lock_guard const lock(mutex);
        fmt::print(stderr, "{:6.1f} s  {}\n",
                   static_cast<double>(elapsed_ms(began, clock.now()).count()) / 1e3, line);
    };
    Context const context(clock, Deadline::never(), stop);
    auto const result = rehearse(context, folder, say);
    bool const good = result.ok() && result.value();
    if (!result.ok()) fmt::print(stderr, "aipress-rehearse: {}\n", result.error().message());

    bool const failed = !good && !stop.stop_requested();
    if (failed || log_folder == LogFolder::Keep) {
        fmt::print(stderr, "logs kept in {}\n", folder.string());
    } else {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
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

int explain(UsageExit const& usage) {
    fmt::print(usage.code == 0 ? stdout : stderr, "{}", usage.text);
    return usage.code;
}

int rehearse_databases(int argc, char** argv) {
    auto parsed = parse_arguments(argc, argv, AIPRESS_REHEARSAL_PHP);
    if (auto const* usage = std::get_if<UsageExit>(&parsed)) return explain(*usage);
    auto const stop = stop_on_signals();
    auto& arguments = std::get<Arguments>(parsed);
    return carry_out(arguments.log_folder, stop,
                     [&](Context const& context, auto const& folder, auto const& say) {
                         auto& options = arguments.rehearsal;
                         options.stage.folder = folder;
                         options.stage.say = say;
                         say(fmt::format("seed {}", options.stage.seed));
                         return rehearse(context, options);
                     });
}

int rehearse_fleet(int argc, char** argv) {
    auto parsed = drill::parse_arguments(argc, argv);
    if (auto const* usage = std::get_if<UsageExit>(&parsed)) return explain(*usage);
    auto const stop = stop_on_signals();
    auto& arguments = std::get<drill::Arguments>(parsed);
    return carry_out(arguments.log_folder, stop,
                     [&](Context const& context, auto const& folder, auto const& say) {
                         arguments.options.folder = folder;
                         say(fmt::format("seed {}", arguments.options.seed));
                         return drill::carry_out(context, arguments.options, say);
                     });
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    constexpr std::string_view kDatabases = "--databases";
    if (argc < 2 || argv[1] != kDatabases) return rehearse_fleet(argc, argv);
    argv[1] = argv[0];
    return rehearse_databases(argc - 1, argv + 1);
}
