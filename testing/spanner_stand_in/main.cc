// Stands in for gateway_main of Google's Cloud Spanner emulator where that is not installed: takes
// its flags, listens where they say, says so with its words, and ends by SIGTERM. It knows nothing
// of Spanner.
#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

// --NAME=VALUE; anything else ends the program, as Go's flag package does.
std::map<std::string, std::string> read_flags(int argc, char** argv) {
    std::map<std::string, std::string> flags{
        {"hostname", "localhost"}, {"grpc_port", "9010"}, {"http_port", "9020"}};
    for (int i = 1; i < argc; ++i) {
        std::string const text = argv[i];
        auto const equals = text.find('=');
        auto const name = text.starts_with("--") ? text.substr(2, equals - 2) : text;
        if (equals == std::string::npos || !flags.contains(name)) {
            std::fprintf(stderr, "flag provided but not defined: -%s\n", name.c_str());
            std::exit(2);
        }
        flags[name] = text.substr(equals + 1);
    }
    return flags;
}

int listen_on(std::string const& host, std::string const& port) {
    int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    bool const is_bound =
        ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1 &&
        ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(socket, 16) == 0;
    if (!is_bound) {
        std::fprintf(stderr, "listen tcp %s:%s: bind: cannot be had\n", host.c_str(), port.c_str());
        std::exit(1);
    }
    return socket;
}

}  // namespace

int main(int argc, char** argv) {
    auto flags = read_flags(argc, argv);
    auto const& host = flags["hostname"];
    int const grpc = listen_on(host, flags["grpc_port"]);
    int const rest = listen_on(host, flags["http_port"]);
    std::fprintf(stderr, "gateway.go:151: Cloud Spanner emulator running.\n");
    std::fprintf(stderr, "gateway.go:152: REST server listening at %s:%s\n", host.c_str(),
                 flags["http_port"].c_str());
    std::fprintf(stderr, "gateway.go:153: gRPC server listening at %s:%s\n", host.c_str(),
                 flags["grpc_port"].c_str());
    for (;;) {
        pollfd waiting[2] = {{grpc, POLLIN, 0}, {rest, POLLIN, 0}};
        if (::poll(waiting, 2, -1) < 0) continue;
        for (auto const& one : waiting) {
            if (one.revents != 0) ::close(::accept(one.fd, nullptr, nullptr));
        }
    }
}
