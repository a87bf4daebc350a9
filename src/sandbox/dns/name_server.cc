#include "sandbox/dns/name_server.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "sandbox/dns/limits.h"

namespace aipress::sandbox::dns {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPortAttempts = 8;
constexpr unsigned kStartAttempts = 3;
constexpr milliseconds kReadyStep{10};
constexpr std::size_t kZonesPerCommand = 500;  // a command line is not endless

// Relative to the server's working directory, since a socket's path must be short: by way of
// /proc the directory's own length does not count.
constexpr std::string_view kConfiguration = R"(server:
  listen: 127.0.0.1@{}
  rundir: "."
  udp-workers: 2
  tcp-workers: 2
  background-workers: 2
log:
  - target: stderr
    any: info
control:
  listen: "/proc/self/cwd/knot.sock"
database:
  storage: "database"
template:
  - id: default
    storage: "zones"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
)";

Error disk_error(fs::path const& file) {
    return Error(ErrorCode::Unavailable,
                 fmt::format("writing '{}': {}", file.string(), std::strerror(errno)));
}

// Readers see the old or the new content.
Result<void> write_file(fs::path const& file, std::string_view content) {
    auto const fresh = fs::path(file.string() + ".new");
    std::ofstream stream(fresh, std::ios::binary);
    stream << content;
    stream.close();
    if (!stream) return disk_error(fresh);
    if (std::rename(fresh.c_str(), file.c_str()) != 0) return disk_error(file);
    return {};
}

// PATH of an ordinary user has no sbin.
std::optional<fs::path> find_programs() {
    auto const* const path = std::getenv("PATH");
    std::string folders = path == nullptr ? "" : path;
    folders += ":/usr/sbin:/usr/local/sbin";
    std::string_view rest = folders;
    while (!rest.empty()) {
        auto const colon = rest.find(':');
        fs::path const folder(rest.substr(0, colon));
        rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
        if (::access((folder / "knotd").c_str(), X_OK) == 0 &&
            ::access((folder / "knotc").c_str(), X_OK) == 0) {
            return folder;
        }
    }
    return std::nullopt;
}

std::string_view last_line(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    return text.substr(text.rfind('\n') + 1);
}

// The port that was bound; 0 when it is taken. `port` 0: any.
std::uint16_t try_port(int kind, std::uint16_t port) {
    FileDescriptor const socket(::socket(AF_INET, kind | SOCK_CLOEXEC, 0));
    int const reuse = 1;  // as the server does: connections that are ending keep no port
    if (kind == SOCK_STREAM) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), any, length) != 0) return 0;
    if (::getsockname(socket.get(), any, &length) != 0) return 0;
    return ntohs(address.sin_port);
}

bool is_free(std::uint16_t port) {
    return try_port(SOCK_STREAM, port) != 0 && try_port(SOCK_DGRAM, port) != 0;
}

// A server that was killed a moment ago may have it still.
void wait_for_port(Context const& context, std::uint16_t port) {
    while (port != 0 && !is_free(port) && context.sleep(kReadyStep)) {
    }
}

}  // namespace

Result<NameServer> NameServer::open(Context const& context, fs::path const& folder) {
    auto const programs = find_programs();
    if (!programs) {
        return Error(ErrorCode::NotFound, "Knot DNS (knotd and knotc) is not installed");
    }
    std::error_code failure;
    // What is there is of the last run: its zones come from the store.
    fs::remove_all(folder / "zones", failure);
    fs::create_directories(folder / "zones", failure);
    if (!failure) fs::create_directories(folder / "database", failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("making '{}': {}", folder.string(), failure.message()));
    }
    NameServer server(folder, *programs);
    std::uint16_t remembered = 0;
    std::ifstream(folder / "port") >> remembered;
    wait_for_port(context.within(kPortWait), remembered);
    TRY(server.take_port(remembered));
    return server;
}

Result<void> NameServer::take_port(std::uint16_t wanted) {
    for (unsigned attempt = 0; attempt < kPortAttempts; ++attempt) {
        auto const port = try_port(SOCK_STREAM, attempt == 0 ? wanted : 0);
        if (port == 0 || try_port(SOCK_DGRAM, port) == 0) continue;
        port_ = port;
        return write_file(folder_ / "port", fmt::format("{}\n", port));
    }
    return Error(ErrorCode::Unavailable, "no port is free for the name server");
}

bool NameServer::is_running() {
    return process_ && !process_->poll();
}

Result<void> NameServer::put(ServedZone const& zone) {
    zones_[zone.dns_name] = zone.id;
    return write_file(folder_ / "zones" / (zone.id + ".zone"), zone.zone_file);
}

Result<bool> NameServer::write_configuration() {
    auto text = fmt::format(kConfiguration, port_);
    if (!zones_.empty()) text += "zone:\n";
    for (auto const& [name, id] : zones_) {
        text += fmt::format("  - domain: \"{}\"\n    file: \"{}.zone\"\n", name, id);
    }
    if (text == configuration_) return false;
    TRY(write_file(folder_ / "knot.conf", text));
    configuration_ = std::move(text);
    return true;
}

Result<void> NameServer::launch() {
    process_.reset();
    TRY(write_configuration());
    std::error_code ignored;
    fs::remove(folder_ / "knot.sock", ignored);
    // The server that wrote it is dead, but its id may be another's, or a zombie's: knotd would
    // believe that it runs already.
    fs::remove(folder_ / "knot.pid", ignored);
    process_ = TRY(Process::start({.arguments = {(programs_ / "knotd").string(), "-c", "knot.conf"},
                                   .working_directory = folder_,
                                   .output_file = folder_ / "knotd.log",
                                   .error_file = folder_ / "knotd.log"}));
    return {};
}

Result<void> NameServer::wait_until_ready(Context const& context) {
    while (is_running()) {
        // It answers its control socket once its zones are loaded.
        if (fs::exists(folder_ / "knot.sock") && control(context, {"status"}).ok()) return {};
        if (!context.sleep(kReadyStep)) {
            return Error(ErrorCode::Unavailable, "the name server does not become ready");
        }
    }
    return Error(ErrorCode::Unavailable, fmt::format("the name server ended at once; see {}",
                                                     (folder_ / "knotd.log").string()));
}

Result<void> NameServer::start(Context const& context) {
    auto const waiting = context.within(kServerStart);
    for (unsigned attempt = 1;; ++attempt) {
        TRY(launch());
        auto ready = wait_until_ready(waiting);
        if (ready.ok() || attempt == kStartAttempts || is_running()) return ready;
        // Most likely somebody has the port by now.
        TRY(take_port(0));
        log::warning("DNS queries are answered on port {} now", port_);
    }
}

Result<void> NameServer::apply(Context const& context, std::vector<std::string> const& dns_names) {
    auto const waiting = context.within(kServerReload);
    if (TRY(write_configuration())) TRY(control(waiting, {"reload"}));
    Result<void> outcome;
    std::vector<std::string> command;
    auto const run = [&] {
        if (command.empty()) return;
        command.insert(command.begin(), "zone-reload");
        auto done = control(waiting, std::move(command));
        if (!done.ok()) outcome = std::move(done);
        command.clear();
    };
    for (auto const& name : dns_names) {
        if (!zones_.contains(name)) continue;
        command.push_back(name);
        if (command.size() == kZonesPerCommand) run();
    }
    run();
    return outcome;
}

Result<void> NameServer::control(Context const& context, std::vector<std::string> command) const {
    ProcessOptions options{.arguments = {(programs_ / "knotc").string(), "-b", "-s", "./knot.sock"},
                           .working_directory = folder_};
    options.arguments.insert(options.arguments.end(), command.begin(), command.end());
    auto const result = TRY(run_process(context, options));
    if (result.status.success()) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("knotc {}: {}", command.front(), last_line(result.standard_error)));
}

}  // namespace aipress::sandbox::dns
