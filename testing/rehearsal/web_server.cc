#include "testing/rehearsal/web_server.h"

#include <arpa/inet.h>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/free_port.h"
#include "testing/rehearsal/child.h"

namespace aipress::rehearsal {
namespace {

constexpr milliseconds kStartTimeout{15'000};
constexpr milliseconds kProbeInterval{20};
constexpr int kPortAttempts = 5;
constexpr int kWorkersPerPool = 6;

// Not Debian's fastcgi_params: it sets HTTP_HOST without the port, and WordPress then redirects
// every page to itself.
constexpr char const* kFastCgiParameters =
    "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
    "fastcgi_param DOCUMENT_ROOT $document_root;\n"
    "fastcgi_param SCRIPT_NAME $fastcgi_script_name;\n"
    "fastcgi_param DOCUMENT_URI $document_uri;\n"
    "fastcgi_param REQUEST_URI $request_uri;\n"
    "fastcgi_param REQUEST_METHOD $request_method;\n"
    "fastcgi_param QUERY_STRING $query_string;\n"
    "fastcgi_param CONTENT_TYPE $content_type;\n"
    "fastcgi_param CONTENT_LENGTH $content_length;\n"
    "fastcgi_param SERVER_PROTOCOL $server_protocol;\n"
    "fastcgi_param SERVER_SOFTWARE nginx;\n"
    "fastcgi_param SERVER_ADDR $server_addr;\n"
    "fastcgi_param SERVER_PORT $server_port;\n"
    "fastcgi_param SERVER_NAME $server_addr;\n"
    "fastcgi_param REMOTE_ADDR $remote_addr;\n"
    "fastcgi_param GATEWAY_INTERFACE CGI/1.1;\n";

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool accepts(int domain, sockaddr const* address, socklen_t size) {
    int const descriptor = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(descriptor >= 0);
    bool const connected = connect(descriptor, address, size) == 0;
    close(descriptor);
    return connected;
}

bool port_accepts(std::uint16_t port) {
    auto const address = loopback(port);
    return accepts(AF_INET, reinterpret_cast<sockaddr const*>(&address), sizeof address);
}

bool socket_accepts(std::filesystem::path const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof address.sun_path) return false;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return accepts(AF_UNIX, reinterpret_cast<sockaddr const*>(&address), sizeof address);
}

std::filesystem::path pool_socket(std::filesystem::path const& folder, VirtualHost const& host) {
    return folder / (host.name + ".sock");
}

std::string php_configuration(std::filesystem::path const& folder,
                              std::vector<VirtualHost> const& hosts,
                              std::filesystem::path const& prepend) {
    std::string text =
        fmt::format("[global]\nerror_log={}\ndaemonize=no\n", (folder / "php-fpm.log").string());
    for (auto const& host : hosts) {
        text += fmt::format(
            "[{}]\nlisten={}\npm=static\npm.max_children={}\nrequest_terminate_timeout=30\n"
            "catch_workers_output=yes\nphp_admin_value[auto_prepend_file]={}\n"
            "php_admin_value[error_log]={}\nphp_admin_flag[log_errors]=on\n",
            host.name, pool_socket(folder, host).string(), kWorkersPerPool, prepend.string(),
            (folder / (host.name + ".php.log")).string());
        if (geteuid() == 0) text += "user=root\ngroup=root\n";
    }
    return text;
}

std::string nginx_configuration(std::filesystem::path const& folder,
                                std::vector<VirtualHost> const& hosts,
                                std::vector<std::uint16_t> const& ports) {
    auto const base = folder.string();
    std::string text = fmt::format(
        "daemon off;\nworker_processes 1;\n{}pid {}/nginx.pid;\nerror_log {}/nginx.log warn;\n"
        "events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n",
        geteuid() == 0 ? "user root;\n" : "", base, base);
    for (auto const* kind : {"client_body", "fastcgi", "proxy", "uwsgi", "scgi"})
        text += fmt::format("{}_temp_path {}/temp-{};\n", kind, base, kind);
    text += "types { text/html html; text/css css; application/javascript js; }\n";
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        text += fmt::format(
            "server {{\nlisten 127.0.0.1:{};\nroot {};\nindex index.php;\n"
            "location / {{ try_files $uri $uri/ /index.php?$args; }}\n"
            "location ~ \\.php$ {{\ntry_files $uri =404;\nfastcgi_pass unix:{};\n"
            "fastcgi_read_timeout 60s;\n{}}}\n}}\n",
            ports[i], hosts[i].document_root.string(), pool_socket(folder, hosts[i]).string(),
            kFastCgiParameters);
    }
    return text + "}\n";
}

template <typename Ready>
Result<void> wait_until(Context const& context, Process& process, std::filesystem::path const& log,
                        Ready ready) {
    while (!ready()) {
        if (process.poll())
            return Error(ErrorCode::Unavailable,
                         "ended at once:\n" + last_lines(read_text(log), 20));
        if (!context.sleep(kProbeInterval))
            return Error(ErrorCode::Unavailable,
                         "does not answer:\n" + last_lines(read_text(log), 20));
    }
    return {};
}

Result<Process> start_php(Context const& context, std::filesystem::path const& folder,
                          std::vector<VirtualHost> const& hosts,
                          std::filesystem::path const& prepend) {
    auto const configuration = folder / "php-fpm.conf";
    std::ofstream(configuration) << php_configuration(folder, hosts, prepend);
    ProcessOptions options;
    // -R: allow the pools of a rehearsal run by root to be root's.
    options.arguments = {
        TRY(find_program("php-fpm8.2")), "-F", "-R", "-y", configuration.string(), "-d",
        "opcache.revalidate_freq=0"};
    options.output_file = options.error_file = folder / "php-fpm.err";
    auto process = TRY(Process::start(options));
    TRY(wait_until(context, process, options.error_file, [&] {
            for (auto const& host : hosts)
                if (!socket_accepts(pool_socket(folder, host))) return false;
            return true;
        }).in_context("php-fpm"));
    return process;
}

Result<Process> start_nginx(Context const& context, std::filesystem::path const& folder,
                            std::vector<VirtualHost> const& hosts,
                            std::vector<std::uint16_t> const& ports) {
    auto const configuration = folder / "nginx.conf";
    std::ofstream(configuration) << nginx_configuration(folder, hosts, ports);
    ProcessOptions options;
    options.arguments = {
        TRY(find_program("nginx")),     "-p", folder.string(), "-c", configuration.string(), "-e",
        (folder / "nginx.log").string()};
    options.output_file = options.error_file = folder / "nginx.err";
    auto process = TRY(Process::start(options));
    TRY(wait_until(context, process, options.error_file, [&] {
            for (auto const port : ports)
                if (!port_accepts(port)) return false;
            return true;
        }).in_context("nginx"));
    return process;
}

}  // namespace

Result<WebServer> WebServer::start(Context const& context, std::filesystem::path const& folder,
                                   std::vector<VirtualHost> const& hosts,
                                   std::filesystem::path const& prepend) {
    std::filesystem::create_directories(folder);
    auto const starting = context.within(kStartTimeout);
    auto php = TRY(start_php(starting, folder, hosts, prepend));
    // Between finding a port free and nginx's bind somebody else may take it: then other ports.
    for (int attempt = 1;; ++attempt) {
        std::vector<std::uint16_t> ports;
        ports.reserve(hosts.size());
        for (std::size_t i = 0; i < hosts.size(); ++i) ports.push_back(TRY(free_port()));
        auto nginx = start_nginx(starting, folder, hosts, ports);
        if (nginx) return WebServer(std::move(php), nginx.release(), std::move(ports));
        if (attempt == kPortAttempts || starting.expired() || starting.stopped())
            return nginx.release_error();
    }
}

std::string WebServer::url(std::size_t host) const {
    return fmt::format("http://127.0.0.1:{}", ports_.at(host));
}

void WebServer::stop(Clock& clock) {
    stop_gently(nginx_, clock);
    stop_gently(php_, clock);
}

}  // namespace aipress::rehearsal
