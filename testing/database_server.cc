#include "testing/database_server.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sstream>
#include <stop_token>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/free_port.h"
#include "base/subprocess.h"
#include "testing/database_engine.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {

namespace {

namespace fs = std::filesystem;

constexpr milliseconds kStartTimeout{60'000};
constexpr milliseconds kStopTimeout{60'000};
constexpr milliseconds kStatementTimeout{120'000};
constexpr milliseconds kProbeInterval{10};
// Between asking for a free port and the server's bind somebody else may take it.
constexpr int kPortAttempts = 5;

Context context_for(milliseconds duration) {
    static SystemClock clock;
    return {clock, Deadline::after(clock, duration), std::stop_token()};
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

// A server that accepts logins says so first: byte 4 of its greeting is the protocol version.
bool greets(std::uint16_t port) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in const address = loopback(port);
    std::array<char, 5> greeting{};
    bool answered = false;
    if (::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0) {
        pollfd readable{fd, POLLIN, 0};
        if (::poll(&readable, 1, 1000) == 1)
            answered =
                ::recv(fd, greeting.data(), greeting.size(), MSG_WAITALL) == 5 && greeting[4] == 10;
    }
    ::close(fd);
    return answered;
}

std::string last_lines(fs::path const& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    std::string all = text.str();
    constexpr std::size_t kShown = 2000;
    return all.size() > kShown ? all.substr(all.size() - kShown) : all;
}

}  // namespace

struct DatabaseServer::Impl {
    ServerOptions options;
    Engine engine;
    std::optional<TemporaryDirectory> home;  // everything of this server
    fs::path folder;                         // its path
    std::uint16_t port = 0;
    std::optional<Process> process;

    [[nodiscard]] fs::path data() const { return folder / "data"; }
    [[nodiscard]] fs::path log() const { return folder / "error.log"; }

    void write_configuration() const {
        std::ofstream file(folder / "my.cnf");
        file << "[mysqld]\n"
             << "datadir=" << data().string() << "\nsocket=" << (folder / "s").string()
             << "\npid_file=" << (folder / "pid").string() << "\ntmpdir=" << folder.string()
             << "\nport=" << port << "\nserver_id=" << options.server_id << '\n'
             << engine.common_settings();
        for (auto const& setting : options.settings) file << setting << '\n';
    }

    Result<void> launch() {
        write_configuration();
        auto command = engine.command("--defaults-file=" + (folder / "my.cnf").string());
        command.output_file = log();
        command.error_file = log();
        process = TRY(Process::start(command));
        auto const context = context_for(kStartTimeout);
        while (!greets(port)) {
            if (auto const ended = process->poll()) {
                process.reset();
                return Error(ErrorCode::Unavailable, "server ended at once, " + ended->describe() +
                                                         ": " + last_lines(log()));
            }
            if (!context.sleep(kProbeInterval)) {
                process.reset();
                return Error(ErrorCode::DeadlineExceeded,
                             "server does not answer: " + last_lines(log()));
            }
        }
        return {};
    }
};

DatabaseServer::DatabaseServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DatabaseServer::DatabaseServer(DatabaseServer&&) noexcept = default;
DatabaseServer& DatabaseServer::operator=(DatabaseServer&&) noexcept = default;
DatabaseServer::~DatabaseServer() = default;

Result<DatabaseServer> DatabaseServer::start(ServerOptions options) {
    auto impl = std::make_unique<Impl>();
    impl->engine = TRY(Engine::find(options.kind));
    impl->home = TRY(TemporaryDirectory::make(options.data_parent));
    impl->folder = impl->home->path();
    impl->options = std::move(options);
    fs::path const prepared = TRY(prepared_data_directory(impl->engine));
    std::error_code failure;
    fs::copy(prepared, impl->data(), fs::copy_options::recursive, failure);
    if (failure) return Error(ErrorCode::Unavailable, "copying data: " + failure.message());
    for (int attempt = 1;; ++attempt) {
        impl->port = TRY(free_port());
        auto const launched = impl->launch();
        if (launched.ok()) return DatabaseServer(std::move(impl));
        if (attempt == kPortAttempts ||
            launched.error().message().find("Address already in use") == std::string::npos)
            return launched.error();
    }
}

void DatabaseServer::kill() {
    if (impl_->process) impl_->process->kill();
    impl_->process.reset();
}

Result<void> DatabaseServer::stop() {
    if (!impl_->process) return {};
    impl_->process->send_signal(SIGTERM);
    auto const status = TRY(impl_->process->wait(context_for(kStopTimeout)));
    impl_->process.reset();
    if (!status.success()) return Error(ErrorCode::Internal, "server: " + status.describe());
    return {};
}

Result<void> DatabaseServer::restart() {
    TRY(stop());
    return impl_->launch();
}

void DatabaseServer::suspend() {
    ASSERT(impl_->process.has_value());
    impl_->process->send_signal(SIGSTOP);
}

void DatabaseServer::resume() {
    ASSERT(impl_->process.has_value());
    impl_->process->send_signal(SIGCONT);
}

std::uint16_t DatabaseServer::port() const {
    return impl_->port;
}

std::string DatabaseServer::socket_path() const {
    return (impl_->folder / "s").string();
}

fs::path DatabaseServer::data_directory() const {
    return impl_->data();
}

int DatabaseServer::pid() const {
    ASSERT(impl_->process.has_value());
    return impl_->process->pid();
}

mysql::Endpoint DatabaseServer::root(std::string database) const {
    mysql::Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = impl_->port;
    endpoint.user = "root";
    endpoint.password = kRootPassword;
    endpoint.database = std::move(database);
    return endpoint;
}

std::string DatabaseServer::url(std::string const& user, std::string const& password,
                                std::string const& database) const {
    return fmt::format("mysql://{}:{}@127.0.0.1:{}/{}", user, password, impl_->port, database);
}

std::string DatabaseServer::root_url(std::string const& database) const {
    return url("root", kRootPassword, database);
}

namespace {

template <typename T>
T expect_ok(Result<T> result, std::string_view what) {
    if (!result.ok()) {
        fmt::print(stderr, "{}: {}\n", what.substr(0, 500), result.error().message());
        ASSERT(result.ok());
    }
    return result.release();
}

}  // namespace

mysql::Connection DatabaseServer::connect_root(std::string database) const {
    return expect_ok(
        mysql::Connection::open(context_for(kStatementTimeout), root(std::move(database))),
        "connecting as root");
}

void DatabaseServer::execute(std::string_view sql) const {
    auto connection = connect_root();
    expect_ok(connection.execute(context_for(kStatementTimeout), sql), sql);
}

std::string DatabaseServer::scalar(std::string_view sql) const {
    auto connection = connect_root();
    return expect_ok(connection.query(context_for(kStatementTimeout), sql), sql)
        .scalar()
        .value_or("");
}

}  // namespace aipress::testing
