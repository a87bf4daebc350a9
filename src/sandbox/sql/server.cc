#include "sandbox/sql/server.h"

#include <array>
#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "base/subprocess.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kPort = 3306;
constexpr int kHostNotPrivileged = 1130;
constexpr milliseconds kProbeInterval{10};
constexpr milliseconds kStopTime{60'000};
constexpr milliseconds kRespawnPause{500};  // so that what dies at once does not burn a core

sockaddr_in address_of(std::uint32_t host) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(host);
    address.sin_port = htons(kPort);
    return address;
}

std::uint32_t host_of(std::string const& address) {
    std::uint32_t host = 0;
    std::istringstream parts(address);
    for (std::string part; std::getline(parts, part, '.');) {
        host = host << 8 | static_cast<std::uint32_t>(std::stoul(part));
    }
    return host;
}

// A server that accepts logins says so first: byte 4 of its greeting is the protocol version. A new
// one has no account for us yet, and says that: error 1130 (ER_HOST_NOT_PRIVILEGED).
bool greets(std::string const& at) {
    FileDescriptor const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = address_of(host_of(at));
    if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        return false;
    }
    std::array<unsigned char, 7> greeting{};
    pollfd readable{socket.get(), POLLIN, 0};
    bool const is_there = ::poll(&readable, 1, 1000) == 1 &&
                          ::recv(socket.get(), greeting.data(), greeting.size(), MSG_WAITALL) == 7;
    bool const is_stranger =
        greeting[4] == 0xff && (greeting[5] | greeting[6] << 8) == kHostNotPrivileged;
    return is_there && (greeting[4] == 10 || is_stranger);
}

std::string end_of(fs::path const& file) {
    constexpr std::size_t kShown = 2000;
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    auto const all = text.str();
    return all.size() > kShown ? all.substr(all.size() - kShown) : all;
}

class Mariadbd final : public SqlServer {
public:
    Mariadbd(Clock& clock, ProcessOptions command, std::string address)
        : clock_(clock), command_(std::move(command)), address_(std::move(address)) {}
    Mariadbd(Mariadbd const&) = delete;
    Mariadbd& operator=(Mariadbd const&) = delete;
    ~Mariadbd() override = default;

    Result<void> begin(Context const& context) {
        std::promise<Result<void>> ready;
        auto answer = ready.get_future();
        keeper_ = std::jthread([this, context, &ready](std::stop_token const& stop) {
            auto started = launch(context);
            bool const is_running = started.ok();
            ready.set_value(is_running ? Result<void>() : Result<void>(started.error()));
            if (is_running) keep(started.release(), stop);
        });
        return answer.get();
    }
    [[nodiscard]] pid_t pid() const override { return pid_; }

private:
    Result<Process> launch(Context const& context) {
        auto process = TRY(Process::start(command_));
        while (!greets(address_)) {
            if (auto const ended = process.poll()) {
                return Error(ErrorCode::Unavailable,
                             fmt::format("mariadbd ended at once, {}: {}", ended->describe(),
                                         end_of(command_.error_file)));
            }
            if (!context.sleep(kProbeInterval)) {
                return Error(context.stopped() ? ErrorCode::Cancelled : ErrorCode::DeadlineExceeded,
                             "mariadbd does not answer: " + end_of(command_.error_file));
            }
        }
        pid_ = process.pid();
        return process;
    }
    // The kernel ends a child with the thread that made it: so it is this one that makes the next.
    void keep(Process process, std::stop_token const& stop) {
        while (!stop.stop_requested()) {
            auto const ended = process.wait(Context(clock_, Deadline::never(), stop));
            if (!ended.ok()) break;  // stop was requested
            pid_ = 0;                // it is another process's from now on
            log::warning("{} ended, {}: it is started again", command_.arguments[1],
                         ended.value().describe());
            if (!clock_.sleep_for(kRespawnPause, stop)) return;
            auto next = Process::start(command_);
            if (!next.ok()) {
                log::error("{}", next.error().message());
                return;
            }
            process = next.release();
            pid_ = process.pid();
        }
        process.send_signal(SIGTERM);
        Context const in_time(clock_, Deadline::after(clock_, kStopTime), std::stop_token());
        if (!process.wait(in_time).ok()) process.kill();
    }

    Clock& clock_;
    ProcessOptions const command_;
    std::string const address_;
    std::atomic<pid_t> pid_ = 0;
    std::jthread keeper_;  // last: it uses the rest
};

Result<void> write_configuration(SqlServerOptions const& options) {
    auto const folder = options.folder.string();
    auto text = fmt::format(
        "[mysqld]\ndatadir={0}/data\nsocket={0}/s\npid_file={0}/pid\ntmpdir={0}/tmp\n"
        "bind_address={1}\nport={2}\nserver_id={3}\nskip_name_resolve=ON\n"
        "performance_schema=OFF\ninnodb_log_file_size=16M\nlocal_infile=1\n"
        "character_set_server=utf8mb4\n",
        folder, options.address, kPort, options.server_id);
    for (auto const& setting : options.settings) text += setting + "\n";
    std::error_code failure;
    fs::create_directories(options.folder / "tmp", failure);
    std::ofstream file(options.folder / "my.cnf", std::ios::trunc);
    file << text;
    file.close();
    if (file) return {};
    return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}/my.cnf'", folder));
}

Result<ProcessResult> run(Context const& context, ProcessOptions const& options) {
    auto result = TRY(run_process(context, options));
    if (result.status.success()) return result;
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("{}: {} {}", options.arguments.front(), result.status.describe(),
                             result.standard_error));
}

void run_as_root_if_root(std::vector<std::string>& arguments) {
    if (::getuid() == 0) arguments.emplace_back("--user=root");
}

}  // namespace

Result<fs::path> find_mariadbd() {
    for (auto const* const path : {"/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"}) {
        if (::access(path, X_OK) == 0) return fs::path(path);
    }
    return Error(ErrorCode::NotFound,
                 "no mariadbd on this machine: install mariadb-server-core, mariadb-client and "
                 "mariadb-backup");
}

Result<void> prepare_data(Context const& context, fs::path const& folder) {
    TRY(find_mariadbd());
    auto const half = folder.string() + ".half";
    std::error_code ignored;
    fs::remove_all(half, ignored);
    fs::create_directories(half, ignored);
    // --force: a machine whose own name does not resolve is no reason to stop.
    ProcessOptions install{.arguments = {"mariadb-install-db", "--no-defaults", "--force",
                                         "--auth-root-authentication-method=socket",
                                         "--skip-test-db", "--innodb-log-file-size=16M",
                                         "--datadir=" + half, "--tmpdir=" + half}};
    run_as_root_if_root(install.arguments);
    if (::getuid() != 0) {
        auto const name = TRY(run(context, {.arguments = {"id", "-un"}})).standard_output;
        install.arguments.push_back("--auth-root-socket-user=" + name.substr(0, name.find('\n')));
    }
    TRY(run(context, install));
    if (::rename(half.c_str(), folder.c_str()) == 0) return {};
    return Error(ErrorCode::Unavailable, "cannot name " + folder.string());
}

Result<void> copy_data(Context const& context, fs::path const& from, fs::path const& to) {
    auto const half = to.string() + ".half";
    std::error_code ignored;
    fs::remove_all(half, ignored);
    fs::create_directories(to.parent_path(), ignored);
    TRY(run(context,
            {.arguments = {"cp", "-a", "--reflink=auto", "--sparse=always", from.string(), half}}));
    if (::rename(half.c_str(), to.c_str()) == 0) return {};
    return Error(ErrorCode::Unavailable, "cannot name " + to.string());
}

Result<std::unique_ptr<SqlServer>> SqlServer::start(Context const& context,
                                                    SqlServerOptions const& options) {
    auto const program = TRY(find_mariadbd());
    TRY(write_configuration(options));
    auto const log = options.folder / "error.log";
    ProcessOptions command{
        .arguments = {program.string(), "--defaults-file=" + (options.folder / "my.cnf").string()},
        .output_file = log,
        .error_file = log};
    run_as_root_if_root(command.arguments);
    auto server = std::make_unique<Mariadbd>(context.clock(), std::move(command), options.address);
    TRY(server->begin(context));
    return std::unique_ptr<SqlServer>(std::move(server));
}

Result<std::string> free_address(std::uint32_t first) {
    constexpr std::uint32_t kBase = (127u << 24) | (64u << 16);  // 127.64.0.0/10
    constexpr std::uint32_t kCount = 1u << 22;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        auto const host = kBase + (first + i) % kCount;
        if ((host & 255) == 0 || (host & 255) == 255) continue;
        FileDescriptor const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        int const yes = 1;
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        auto const address = address_of(host);
        if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) ==
            0) {
            return fmt::format("127.{}.{}.{}", host >> 16 & 255, host >> 8 & 255, host & 255);
        }
    }
    return Error(ErrorCode::Unavailable, "no address of the loopback is free on port 3306");
}

Result<std::string> run_sql(Context const& context, fs::path const& folder,
                            std::string const& statements) {
    // A file of its owner's alone: there are passwords in it.
    auto pattern = (folder / "sql-XXXXXX").string();
    FileDescriptor const file(::mkstemp(pattern.data()));
    bool const written =
        file.valid() && ::write(file.get(), statements.data(), statements.size()) ==
                            static_cast<ssize_t>(statements.size());
    auto result =
        written ? run(context,
                      {.arguments = {"mariadb", "--no-defaults", "--batch", "--skip-column-names",
                                     "--socket", (folder / "s").string()},
                       .input_file = pattern})
                : Result<ProcessResult>(Error(ErrorCode::Unavailable, "cannot write " + pattern));
    ::unlink(pattern.c_str());
    return TRY(std::move(result)).standard_output;
}

Result<void> dump_sql(Context const& context, fs::path const& folder,
                      std::vector<std::string> const& databases, fs::path const& file) {
    auto wanted = databases;
    if (wanted.empty()) {
        std::istringstream names(TRY(run_sql(context, folder, "SHOW DATABASES;")));
        for (std::string name; std::getline(names, name);) {
            if (name != "mysql" && name != "sys" && name != "information_schema" &&
                name != "performance_schema") {
                wanted.push_back(name);
            }
        }
    }
    ProcessOptions dump{
        .arguments = {"mariadb-dump", "--no-defaults", "--socket", (folder / "s").string(),
                      "--single-transaction", "--quick", "--hex-blob", "--routines", "--triggers",
                      "--events", "--default-character-set=utf8mb4", "--databases"},
        .output_file = file};
    dump.arguments.insert(dump.arguments.end(), wanted.begin(), wanted.end());
    TRY(run(context, dump));
    return {};
}

Result<void> load_sql(Context const& context, fs::path const& folder, std::string const& database,
                      fs::path const& file) {
    ProcessOptions load{.arguments = {"mariadb", "--no-defaults", "--socket",
                                      (folder / "s").string(), "--default-character-set=utf8mb4"},
                        .input_file = file};
    if (!database.empty()) load.arguments.push_back(database);
    TRY(run(context, load));
    return {};
}

Result<void> copy_live_data(Context const& context, fs::path const& folder, fs::path const& to) {
    auto const half = to.string() + ".half";
    std::error_code ignored;
    fs::remove_all(half, ignored);
    fs::create_directories(half, ignored);
    auto const defaults = "--defaults-file=" + (folder / "my.cnf").string();
    TRY(run(context,
            {.arguments = {"mariadb-backup", defaults, "--backup",
                           "--socket=" + (folder / "s").string(), "--target-dir=" + half}}));
    TRY(run(context, {.arguments = {"mariadb-backup", "--prepare", "--target-dir=" + half}}));
    if (::rename(half.c_str(), to.c_str()) == 0) return {};
    return Error(ErrorCode::Unavailable, "cannot name " + to.string());
}

std::string account_sql(std::string_view user, std::string_view host, std::string_view password) {
    return fmt::format(
        "CREATE OR REPLACE USER {0} IDENTIFIED BY {1};\n"
        "GRANT ALL PRIVILEGES ON *.* TO {0} WITH GRANT OPTION;\n"
        "REVOKE SUPER, FILE, SHUTDOWN, CREATE TABLESPACE ON *.* FROM {0};\n",
        sql_string(user) + "@" + sql_string(host), sql_string(password));
}

std::string sql_string(std::string_view text) {
    std::string quoted = "'";
    for (char const c : text) {
        if (c == '\'' || c == '\\') quoted += '\\';
        if (c == '\0') {
            quoted += "\\0";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

std::string sql_name(std::string_view text) {
    std::string quoted = "`";
    for (char const c : text) {
        if (c == '`') quoted += '`';
        quoted += c;
    }
    return quoted + "`";
}

}  // namespace aipress::sandbox
