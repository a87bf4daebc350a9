#include "sandbox/spanner_emulator.h"

#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "base/file_descriptor.h"
#include "base/free_port.h"
#include "base/log.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReady = "Cloud Spanner emulator running.";
constexpr milliseconds kStartTime{60'000};
constexpr milliseconds kStopTime{5'000};
constexpr milliseconds kProbeInterval{10};
constexpr milliseconds kRespawnPause{500};  // so that what dies at once does not burn a core
constexpr unsigned kAttempts = 3;
constexpr std::size_t kShown = 1000;

std::string read_text(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

std::string end_of(fs::path const& file) {
    auto const text = read_text(file);
    return text.size() > kShown ? text.substr(text.size() - kShown) : text;
}

bool accepts(std::uint16_t port) {
    FileDescriptor const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return ::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) ==
           0;
}

// Where both binaries may be.
std::vector<fs::path> folders() {
    if (auto const* const named = std::getenv("AIPRESS_SPANNER_EMULATOR")) return {named};
    std::vector<fs::path> folders;
    std::vector<fs::path> roots;
    std::error_code ignored;
    auto const* const path = std::getenv("PATH");
    std::istringstream entries(path == nullptr ? "" : path);
    for (std::string entry; std::getline(entries, entry, ':');) {
        folders.emplace_back(entry);
        // gcloud is ROOT/bin/gcloud, or a link to it.
        auto const gcloud = fs::canonical(fs::path(entry) / "gcloud", ignored);
        if (!ignored) roots.push_back(gcloud.parent_path().parent_path());
    }
    for (auto const* const root :
         {"/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk"}) {
        roots.emplace_back(root);
    }
    if (auto const* const home = std::getenv("HOME")) {
        roots.push_back(fs::path(home) / "google-cloud-sdk");
    }
    for (auto const& root : roots) {
        folders.push_back(root / "bin/cloud_spanner_emulator");
        folders.push_back(root / "platform/cloud_spanner_emulator");
    }
    return folders;
}

void stop_gently(Process& process, Clock& clock) {
    process.send_signal(SIGTERM);  // to both programs
    (void)process.wait(Context(clock, Deadline::after(clock, kStopTime), {}));
    process.kill();
}

}  // namespace

Result<fs::path> find_spanner_emulator() {
    for (auto const& folder : folders()) {
        bool const is_there = ::access((folder / "gateway_main").c_str(), X_OK) == 0 &&
                              ::access((folder / "emulator_main").c_str(), X_OK) == 0;
        if (is_there) return folder / "gateway_main";
    }
    return Error(ErrorCode::NotFound,
                 "Google's Cloud Spanner emulator is not "
                 "installed: gcloud components install "
                 "cloud-spanner-emulator (Debian: apt-get install "
                 "google-cloud-cli-spanner-emulator)");
}

Result<Process> SpannerEmulator::launch() const {
    return Process::start({.arguments = {program_.string(), "--hostname=127.0.0.1",
                                         fmt::format("--grpc_port={}", grpc_port_),
                                         fmt::format("--http_port={}", rest_port_)},
                           .output_file = log_,
                           .error_file = log_});
}

Result<Process> SpannerEmulator::begin(Context const& context) {
    grpc_port_ = TRY(free_port());
    do {
        rest_port_ = TRY(free_port());
    } while (rest_port_ == grpc_port_);
    auto process = TRY(launch());
    while (read_text(log_).find(kReady) == std::string::npos || !accepts(grpc_port_) ||
           !accepts(rest_port_)) {
        if (auto const ended = process.poll()) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("the Cloud Spanner emulator ended at once, {}: {}",
                                     ended->describe(), end_of(log_)));
        }
        if (!context.sleep(kProbeInterval)) {
            return Error(ErrorCode::Unavailable,
                         "the Cloud Spanner emulator does not answer: " + end_of(log_));
        }
    }
    return process;
}

Result<std::unique_ptr<SpannerEmulator>> SpannerEmulator::start(Context const& context,
                                                                fs::path const& log) {
    auto program = TRY(find_spanner_emulator());
    std::unique_ptr<SpannerEmulator> emulator(new SpannerEmulator(std::move(program), log));
    auto const starting = context.within(kStartTime);
    for (unsigned attempt = 1;; ++attempt) {
        auto process = emulator->begin(starting);
        if (!process.ok()) {
            // Somebody else may have taken a port.
            if (attempt < kAttempts && !starting.expired() && !starting.stopped()) continue;
            return process.release_error();
        }
        auto* const self = emulator.get();
        self->pid_ = process.value().pid();
        self->keeper_ =
            std::jthread([self, own = process.release()](std::stop_token const& stop) mutable {
                self->keep(std::move(own), stop);
            });
        return emulator;
    }
}

void SpannerEmulator::keep(Process process, std::stop_token const& stop) {
    for (;;) {
        auto const ended = process.wait(Context(clock_, Deadline::never(), stop));
        if (!ended.ok()) break;  // stop was requested
        log::warning("the Cloud Spanner emulator ended, {}: it is started again, empty",
                     ended.value().describe());
        if (!clock_.sleep_for(kRespawnPause, stop)) return;
        auto next = launch();
        if (!next.ok()) {
            log::error("{}", next.error().message());
            return;
        }
        process = next.release();
        pid_ = process.pid();
    }
    stop_gently(process, clock_);
}

}  // namespace aipress::sandbox
