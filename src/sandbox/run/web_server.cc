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
#include "sandbox/run/engines.h"
#include "sandbox/run/wordpress_files.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;

constexpr int kPortAttempts = 5;
constexpr int kAnswersInARow = 15;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
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
    : programs_(std::move(programs)),
      paths_(std::move(paths)),
      token_(std::random_device{}()),
      php_(programs_.php) {}

std::string WebServer::mark() const {
    return fmt::format("{}-{}", token_, number_);
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
        if (nginx_) stop_gently(*nginx_, SIGTERM);
        nginx_.reset();
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
    TRY(php_.apply(context, paths_, kept.pools));
    TRY(apply_nginx(context, plan));
    last_pools_ = plan.pools;
    sweep_revisions(paths_.folder, kept);
    return {};
}

bool WebServer::has_died() {
    return php_.has_died() || (nginx_ && nginx_->poll());
}

void WebServer::reopen_logs() {
    if (nginx_ && !nginx_->poll()) nginx_->send_signal(SIGUSR1);
}

void WebServer::stop() {
    if (nginx_) stop_gently(*nginx_, SIGTERM);
    nginx_.reset();
    php_.stop();
}

}  // namespace aipress::sandbox::run
