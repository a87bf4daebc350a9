// Wiring only: options, Ctrl-C, the folder that everything lives in.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <curl/curl.h>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include "testing/rehearsal/rehearsal.h"

namespace {

using namespace aipress;
using namespace aipress::rehearsal;

struct Arguments {
    RehearsalOptions rehearsal;
    bool small = false;
    bool keep = false;
    bool sites_only = false;
    bool hold = false;
};

std::filesystem::path make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "aipress-rehearsal-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
        fmt::print(stderr, "cannot make a folder like {}\n", pattern);
        std::exit(1);
    }
    return pattern;
}

void add_options(CLI::App& app, Arguments& arguments) {
    app.add_flag("--small", arguments.small, "little data, for the test suite");
    app.add_flag("--keep", arguments.keep, "keep the folder with all logs");
    app.add_flag("--sites-only", arguments.sites_only, "sites and visitors, without a move");
    app.add_flag("--hold", arguments.hold, "leave the sites up at the end, until Ctrl-C");
    app.add_option("--seed", arguments.rehearsal.stage.seed, "of the content and the visitors")
        ->capture_default_str();
    app.add_option("--aipress", arguments.rehearsal.aipress, "the binary to rehearse with")
        ->capture_default_str();
    app.add_option("--php", arguments.rehearsal.stage.php_folder, "the sites' PHP files")
        ->capture_default_str();
}

int carry_out(Arguments& arguments, std::stop_token stop) {
    auto& options = arguments.rehearsal;
    options.stage.scale = arguments.small ? Scale::Small : Scale::Full;
    options.scope = arguments.sites_only ? Scope::SitesOnly : Scope::Move;
    options.ending = arguments.hold ? Ending::Hold : Ending::Stop;
    options.stage.folder = make_folder();
    options.stage.say = [](std::string const& line) { fmt::print(stderr, "{}\n", line); };
    fmt::print(stderr, "seed {}, folder {}\n", options.stage.seed, options.stage.folder.string());

    SystemClock clock;
    Context const context(clock, Deadline::never(), stop);
    auto const result = rehearse(context, options);
    bool const good = result.ok() && result.value();
    if (!result.ok()) fmt::print(stderr, "aipress-rehearse: {}\n", result.error().message());

    if (arguments.keep || (!good && !stop.stop_requested())) {
        fmt::print(stderr, "logs kept in {}\n", options.stage.folder.string());
    } else {
        std::error_code ignored;
        std::filesystem::remove_all(options.stage.folder, ignored);
    }
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    // Before any thread: all of them inherit the mask, and only the one below takes the signals.
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_ALL);

    Arguments arguments;
    arguments.rehearsal.aipress = std::filesystem::path(argv[0]).replace_filename("aipress");
    arguments.rehearsal.stage.php_folder = AIPRESS_REHEARSAL_PHP;
    CLI::App app("Moves three live WordPress sites between two servers, and one of them back");
    add_options(app, arguments);
    CLI11_PARSE(app, argc, argv);

    std::stop_source stop;
    std::thread([signals, stop]() mutable {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0) {
            fmt::print(stderr, "\nstopping: everything is being taken down\n");
            stop.request_stop();
        }
    }).detach();
    return carry_out(arguments, stop.get_token());
}
