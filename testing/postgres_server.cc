#include "testing/postgres_server.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>
#include <vector>

#include "base/subprocess.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kStartTime{60'000};
constexpr milliseconds kStopTime{10'000};
constexpr milliseconds kProbeInterval{10};

Context context_for(milliseconds duration) {
    static SystemClock clock;
    return {clock, Deadline::after(clock, duration), std::stop_token()};
}

// The newest that is installed: "/usr/lib/postgresql/15/bin".
Result<fs::path> programs() {
    std::vector<std::pair<int, fs::path>> found;
    std::error_code ignored;
    for (auto const& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        auto const folder = entry.path() / "bin";
        if (::access((folder / "initdb").c_str(), X_OK) != 0) continue;
        found.emplace_back(std::atoi(entry.path().filename().c_str()), folder);
    }
    if (found.empty()) {
        return Error(ErrorCode::NotFound,
                     "no PostgreSQL server: install postgresql (tools/setup test)");
    }
    return std::max_element(found.begin(), found.end())->second;
}

// The command, as a user that PostgreSQL takes.
std::vector<std::string> not_as_root(std::vector<std::string> command) {
    if (::geteuid() != 0) return command;
    std::vector<std::string> all{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"};
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

Result<void> run_to_success(std::vector<std::string> const& command, fs::path const& folder) {
    auto const result = TRY(
        run_process(context_for(kStartTime), {.arguments = command, .working_directory = folder}));
    if (result.status.success()) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("{}: {}: {}{}", command.front(), result.status.describe(),
                             result.standard_output, result.standard_error));
}

std::string text_of(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

}  // namespace

struct PostgresServer::Impl {
    TemporaryDirectory home;
    fs::path programs;
    Durability durability = Durability::Process;
    std::optional<Process> process = std::nullopt;
    unsigned databases = 0;

    [[nodiscard]] fs::path data() const { return home / "data"; }
    [[nodiscard]] fs::path log() const { return home / "log"; }

    Result<void> initialise();
    Result<void> launch();
    void end();
};

Result<void> PostgresServer::Impl::initialise() {
    auto const folder = home.path();
    if (::geteuid() == 0) {
        TRY(run_to_success({"chown", "nobody:nogroup", folder.string()}, folder));
    }
    return run_to_success(
        not_as_root({(programs / "initdb").string(), "-D", data().string(), "--username=postgres",
                     "--auth=trust", "--encoding=UTF8", "--no-locale", "--locale-provider=icu",
                     "--icu-locale=en", "--no-sync", "--no-instructions"}),
        folder);
}

Result<void> PostgresServer::Impl::launch() {
    auto const* const synced = durability == Durability::Machine ? "on" : "off";
    process = TRY(Process::start(
        {.arguments =
             not_as_root({(programs / "postgres").string(), "-D", data().string(), "-k",
                          home.path().string(), "-c", "listen_addresses=", "-c",
                          fmt::format("fsync={}", synced), "-c", "synchronous_commit=on", "-c",
                          fmt::format("full_page_writes={}", synced), "-c", "shared_buffers=32MB",
                          "-c", "dynamic_shared_memory_type=mmap", "-c", "max_connections=60"}),
         .working_directory = home.path(),
         .output_file = log(),
         .error_file = log()}));
    auto const context = context_for(kStartTime);
    // Its last line says how far the server is.
    while (text_of(data() / "postmaster.pid").find("ready") == std::string::npos) {
        if (auto const ended = process->poll()) {
            process.reset();
            return Error(ErrorCode::Unavailable, fmt::format("PostgreSQL ended at once, {}: {}",
                                                             ended->describe(), text_of(log())));
        }
        if (!context.sleep(kProbeInterval)) {
            process.reset();
            return Error(ErrorCode::DeadlineExceeded,
                         "PostgreSQL does not answer: " + text_of(log()));
        }
    }
    return {};
}

// At once, but so that it takes its shared memory along.
void PostgresServer::Impl::end() {
    if (!process) return;
    process->send_signal(SIGQUIT);
    (void)process->wait(context_for(kStopTime));
    process.reset();
}

PostgresServer::PostgresServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresServer::PostgresServer(PostgresServer&&) noexcept = default;
PostgresServer& PostgresServer::operator=(PostgresServer&&) noexcept = default;
PostgresServer::~PostgresServer() {
    if (impl_ != nullptr) impl_->end();
}

Result<PostgresServer> PostgresServer::start(Durability durability) {
    auto folder = TRY(programs());
    auto home = TRY(TemporaryDirectory::make());
    auto impl = std::make_unique<Impl>(
        Impl{.home = std::move(home), .programs = std::move(folder), .durability = durability});
    TRY(impl->initialise());
    TRY(impl->launch());
    return PostgresServer(std::move(impl));
}

void PostgresServer::kill() {
    if (impl_->process) impl_->process->kill();
    impl_->process.reset();
}

Result<void> PostgresServer::restart() {
    kill();
    // It would say "ready" of the one before.
    std::error_code ignored;
    fs::remove(impl_->data() / "postmaster.pid", ignored);
    return impl_->launch();
}

Result<std::string> PostgresServer::make_database() {
    auto const name = fmt::format("test_{}", ++impl_->databases);
    TRY(run_to_success({(impl_->programs / "psql").string(), "-X", "-q", "-h",
                        impl_->home.path().string(), "-U", "postgres", "-d", "postgres", "-c",
                        fmt::format("CREATE DATABASE {} STRATEGY=file_copy", name)},
                       impl_->home.path()));
    auto host = impl_->home.path().string();
    for (auto at = host.find('/'); at != host.npos; at = host.find('/', at)) {
        host.replace(at, 1, "%2F");
    }
    return fmt::format("postgres://postgres@{}/{}", host, name);
}

}  // namespace aipress::testing
