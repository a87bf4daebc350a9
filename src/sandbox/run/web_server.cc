#include "sandbox/run/web_server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/free_port.h"
#include "sandbox/run/wordpress_files.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kProbeInterval{10};
constexpr milliseconds kGrace{3'000};
constexpr int kPortAttempts = 5;
constexpr int kAnswersInARow = 15;
constexpr std::size_t kShownOfLog = 1000;
constexpr std::string_view kReady = "ready to handle connections";

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

std::string read_text(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

std::string end_of(fs::path const& log) {
    auto const text = read_text(log);
    return text.size() > kShownOfLog ? text.substr(text.size() - kShownOfLog) : text;
}

std::optional<std::string> find_program(std::initializer_list<char const*> names) {
    for (auto const* const name : names) {
        for (auto const* const folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin"}) {
            auto const path = fs::path(folder) / name;
            if (::access(path.c_str(), X_OK) == 0) return path.string();
        }
    }
    return std::nullopt;
}

// The number of the configuration that the nginx on this port runs; "" when none answers.
std::string running_configuration(std::uint16_t port) {
    FileDescriptor const connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = loopback(port);
    if (::connect(connection.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) !=
        0) {
        return "";
    }
    timeval const patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    auto const request =
        fmt::format("GET {} HTTP/1.0\r\nHost: configuration\r\n\r\n", kConfigurationPath);
    if (::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string answer;
    std::array<char, 1024> piece{};
    ssize_t got = 0;
    while ((got = ::recv(connection.get(), piece.data(), piece.size(), 0)) > 0) {
        answer.append(piece.data(), static_cast<std::size_t>(got));
    }
    auto const body = answer.find("\r\n\r\n");
    return body == answer.npos ? "" : answer.substr(body + 4);
}

// Whether it means itself in the configuration of nginx and of php-fpm.
bool is_plain(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](char letter) {
        auto const byte = static_cast<unsigned char>(letter);
        return std::isalnum(byte) != 0 ||
               std::string_view("/._-+,@").find(letter) != std::string_view::npos;
    });
}

template <typename Ready>
Result<void> wait_until(Context const& context, Process& process, fs::path const& log,
                        Ready const& ready) {
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

void stop_gently(std::optional<Process>& process) {
    if (!process) return;
    SystemClock clock;
    if (!process->poll()) {
        process->send_signal(SIGTERM);
        (void)process->wait(Context(clock, Deadline::after(clock, kGrace), {}));
    }
    process.reset();
}

}  // namespace

Result<WebPrograms> find_web_programs() {
    auto const nginx = find_program({"nginx"});
    auto const php = find_program({"php-fpm8.2", "php-fpm8.3", "php-fpm8.4", "php-fpm"});
    std::string missing;
    if (!nginx) missing += " nginx";
    if (!php) missing += " php-fpm";
    if (!fs::exists(fs::path(kWordPress) / "wp-includes/version.php")) missing += " wordpress";
    if (missing.empty()) return WebPrograms{.nginx = *nginx, .php = *php};
    return Error(ErrorCode::NotFound,
                 fmt::format("No container runs on this machine: these packages are not "
                             "installed:{}.",
                             missing));
}

WebServer::WebServer(WebPrograms programs, ServerPaths paths)
    : programs_(std::move(programs)), paths_(std::move(paths)), token_(std::random_device{}()) {}

std::string WebServer::mark() const {
    return fmt::format("{}-{}", token_, number_);
}

Result<void> WebServer::apply_php(Context const& context, SitePlan const& plan) {
    auto const text = php_configuration(paths_, plan, "LOG");
    bool const is_running = php_ && !php_->poll();
    if (plan.pools.empty()) {
        stop_gently(php_);
        php_text_.clear();
        return {};
    }
    if (is_running && text == php_text_) return {};
    // A log of its own says when this very configuration is in force.
    auto const log = paths_.folder / fmt::format("php-fpm.{}.log", number_);
    auto const configuration = paths_.folder / "php-fpm.conf";
    TRY(write_file(configuration, php_configuration(paths_, plan, log), Access::Everybody));
    php_text_.clear();
    if (is_running) {
        php_->send_signal(SIGUSR2);
    } else {
        ProcessOptions options;
        // -R: a sandbox run by root has pools that are root's.
        options.arguments = {programs_.php, "-F", "-R", "-y", configuration.string()};
        options.output_file = options.error_file = paths_.folder / "php-fpm.err";
        php_ = TRY(Process::start(options));
    }
    TRY(wait_until(context, *php_, paths_.folder / "php-fpm.err", [&] {
            return read_text(log).find(kReady) != std::string::npos;
        }).in_context("php-fpm"));
    php_text_ = text;
    return {};
}

Result<void> WebServer::start_nginx(Context const& context) {
    ProcessOptions options;
    options.arguments = {programs_.nginx,
                         "-p",
                         paths_.folder.string(),
                         "-c",
                         (paths_.folder / "nginx.conf").string(),
                         "-e",
                         (paths_.folder / "nginx.log").string()};
    options.output_file = options.error_file = paths_.folder / "nginx.err";
    nginx_ = TRY(Process::start(options));
    return wait_until(context, *nginx_, options.error_file,
                      [&] { return running_configuration(paths_.web_port) == mark(); });
}

Result<void> WebServer::apply_nginx(Context const& context, SitePlan const& plan) {
    auto const configuration = paths_.folder / "nginx.conf";
    bool const is_running = nginx_ && !nginx_->poll();
    if (plan.sites.empty()) {
        stop_gently(nginx_);
        nginx_text_.clear();
        return {};
    }
    auto text = nginx_configuration(paths_, plan, "");
    if (is_running && text == nginx_text_) return {};
    nginx_text_.clear();
    TRY(write_file(configuration, nginx_configuration(paths_, plan, mark()), Access::Everybody));
    if (is_running) {
        nginx_->send_signal(SIGHUP);
        // The old worker takes connections for a moment beside the new one.
        int in_a_row = 0;
        TRY(wait_until(context, *nginx_, paths_.folder / "nginx.log", [&] {
                bool const is_new = running_configuration(paths_.web_port) == mark();
                in_a_row = is_new ? in_a_row + 1 : 0;
                return in_a_row == kAnswersInARow;
            }).in_context("nginx"));
        nginx_text_ = std::move(text);
        return {};
    }
    for (int attempt = 1;; ++attempt) {
        auto const started = start_nginx(context);
        if (started.ok()) break;
        if (attempt == kPortAttempts || context.expired() || context.stopped()) {
            return Error(started.error()).in_context("nginx");
        }
        // Somebody else may have the port.
        nginx_.reset();
        paths_.web_port = TRY(free_port());
        text = nginx_configuration(paths_, plan, "");
        TRY(write_file(configuration, nginx_configuration(paths_, plan, mark()),
                       Access::Everybody));
    }
    nginx_text_ = std::move(text);
    return {};
}

Result<void> WebServer::apply(Context const& context, SitePlan const& plan) {
    auto const longest = paths_.socket("r0000000000000").string();
    if (longest.size() >= sizeof(sockaddr_un::sun_path)) {
        return Error(
            ErrorCode::Unavailable,
            fmt::format("the sandbox's folder has too long a path for a socket: '{}'", longest));
    }
    if (!is_plain(paths_.folder.string())) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("the path of the sandbox's folder has characters that have a "
                                 "meaning in a configuration: '{}'",
                                 paths_.folder.string()));
    }
    ++number_;
    std::error_code failure;
    fs::create_directories(paths_.folder / "s", failure);
    if (!plan.sites.empty()) TRY(write_shared_files(paths_.folder));
    for (auto const& pool : plan.pools) TRY(lay_out(paths_.folder, pool));
    // The pools first, and those that nginx still sends requests to: they go the next time.
    SitePlan kept = plan;
    for (auto& pool : last_pools_) {
        bool const is_wanted = std::any_of(plan.pools.begin(), plan.pools.end(),
                                           [&](Pool const& one) { return one.id == pool.id; });
        if (!is_wanted && !plan.pools.empty()) kept.pools.push_back(std::move(pool));
    }
    last_pools_.clear();
    TRY(apply_php(context, kept));
    TRY(apply_nginx(context, plan));
    last_pools_ = plan.pools;
    sweep_revisions(paths_.folder, kept);
    sweep_logs();
    return {};
}

// Those of php-fpm's configurations before.
void WebServer::sweep_logs() const {
    std::error_code failure;
    auto const configuration = read_text(paths_.folder / "php-fpm.conf");
    std::vector<fs::path> old;
    for (auto const& entry : fs::directory_iterator(paths_.folder, failure)) {
        auto const name = entry.path().filename().string();
        bool const is_log = name.starts_with("php-fpm.") && name.ends_with(".log");
        if (is_log && configuration.find(name) == configuration.npos) old.push_back(entry.path());
    }
    for (auto const& path : old) fs::remove(path, failure);
}

bool WebServer::has_died() {
    return (php_ && php_->poll()) || (nginx_ && nginx_->poll());
}

void WebServer::reopen_logs() {
    if (nginx_ && !nginx_->poll()) nginx_->send_signal(SIGUSR1);
}

pid_t WebServer::php_pid() {
    return php_ && !php_->poll() ? php_->pid() : 0;
}

void WebServer::stop() {
    stop_gently(nginx_);
    stop_gently(php_);
}

}  // namespace aipress::sandbox::run
