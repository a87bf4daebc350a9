#include "testing/haproxy_process.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/free_port.h"
#include "base/subprocess.h"
#include "testing/temporary_directory.h"
#include "testing/wire.h"

namespace aipress::testing {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kStartTime{30'000};
constexpr milliseconds kProbeInterval{10};
constexpr int kPortAttempts = 5;

Context start_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, kStartTime), std::stop_token()};
}

std::string text_of(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

fs::path source_folder() {
    auto const* const folder = std::getenv("AIPRESS_SOURCE_DIR");
    return folder != nullptr ? fs::path(folder) : fs::current_path();
}

}  // namespace

struct HaproxyProcess::Impl {
    TemporaryDirectory home;
    HaproxyOptions options;
    std::uint16_t port = 0;
    std::uint16_t tls_port = 0;
    std::uint16_t runtime_port = 0;
    std::optional<Process> process = std::nullopt;

    [[nodiscard]] std::string file(char const* name) const { return (home / name).string(); }
    void write(char const* name, std::string const& text) const {
        std::ofstream(file(name)) << text;
    }
    [[nodiscard]] bool is_tcp() const { return options.runtime == HaproxyOptions::Runtime::Tcp; }
    [[nodiscard]] std::string socket() const {
        return is_tcp() ? fmt::format("127.0.0.1:{}", runtime_port) : file("admin.sock");
    }
    // It listens for visitors before it does for the runtime API.
    [[nodiscard]] bool is_ready() const {
        auto const has_runtime =
            is_tcp() ? Wire(runtime_port).connected() : fs::exists(file("admin.sock"));
        return has_runtime && Wire(port).connected();
    }
    [[nodiscard]] ProcessOptions command() const;
    Result<void> launch();
};

ProcessOptions HaproxyProcess::Impl::command() const {
    auto const configuration = source_folder() / "deploy/haproxy";
    ProcessOptions command{
        .arguments = {"haproxy", "-db", "-f", (configuration / "haproxy.cfg").string()},
        .output_file = file("log"),
        .error_file = file("log")};
    command.environment = {{"EDGE_CONFIGURATION", configuration.string()},
                           {"EDGE_FOLDER", home.path().string()},
                           {"EDGE_SOCKET", socket()},
                           {"EDGE_LISTEN", fmt::format("127.0.0.1:{}", port)},
                           {"EDGE_HOLD_REQUESTS", std::to_string(options.hold_requests)},
                           {"EDGE_HOLD_MS", std::to_string(options.hold_ms)}};
    if (!options.authority.empty()) {
        command.environment.emplace_back("EDGE_CA_FILE", file("ca.pem"));
    }
    if (!options.certificate.empty()) {
        command.environment.emplace_back("EDGE_TLS_LISTEN", fmt::format("127.0.0.1:{}", tls_port));
        command.environment.emplace_back("EDGE_CERTIFICATES", file("site.pem"));
    }
    return command;
}

Result<void> HaproxyProcess::Impl::launch() {
    // A killed one leaves it behind.
    std::error_code ignored;
    fs::remove(file("admin.sock"), ignored);
    process = TRY(Process::start(command()));
    auto const context = start_context();
    while (!is_ready()) {
        auto const ended = process->poll();
        if (!ended && context.sleep(kProbeInterval)) continue;
        process.reset();
        return Error(ErrorCode::Unavailable, "HAProxy does not start: " + text_of(file("log")));
    }
    return {};
}

HaproxyProcess::HaproxyProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HaproxyProcess::HaproxyProcess(HaproxyProcess&&) noexcept = default;
HaproxyProcess& HaproxyProcess::operator=(HaproxyProcess&&) noexcept = default;
HaproxyProcess::~HaproxyProcess() = default;

Result<HaproxyProcess> HaproxyProcess::start(HaproxyOptions options) {
    auto const version = run_process(start_context(), {.arguments = {"haproxy", "-v"}});
    if (!version.ok()) {
        return Error(ErrorCode::NotFound, "no HAProxy: install haproxy (tools/setup test)");
    }
    auto home = TRY(TemporaryDirectory::make());
    auto impl =
        std::unique_ptr<Impl>(new Impl{.home = std::move(home), .options = std::move(options)});
    impl->write("routes.map", "");
    impl->write("held.map", "");
    impl->write("ca.pem", impl->options.authority);
    impl->write("site.pem", impl->options.certificate);
    for (int attempt = 1;; ++attempt) {
        impl->port = TRY(free_port());
        impl->tls_port = TRY(free_port());
        impl->runtime_port = TRY(free_port());
        auto launched = impl->launch();
        if (launched.ok()) return HaproxyProcess(std::move(impl));
        if (attempt == kPortAttempts) return launched.release_error();
    }
}

std::uint16_t HaproxyProcess::port() const {
    return impl_->port;
}

std::uint16_t HaproxyProcess::tls_port() const {
    return impl_->tls_port;
}

std::uint16_t HaproxyProcess::runtime_port() const {
    return impl_->runtime_port;
}

std::string HaproxyProcess::socket() const {
    return impl_->socket();
}

std::string HaproxyProcess::routes() const {
    return impl_->file("routes.map");
}

std::string HaproxyProcess::held() const {
    return impl_->file("held.map");
}

void HaproxyProcess::kill() {
    if (impl_->process) impl_->process->kill();
    impl_->process.reset();
}

Result<void> HaproxyProcess::restart() {
    kill();
    return impl_->launch();
}

}  // namespace aipress::testing
