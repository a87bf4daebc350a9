#include "testing/wire.h"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace aipress::testing {

Wire::Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval const patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr const*>(&address), sizeof(address)) == 0;
}

bool Wire::say(std::string_view data) {
    while (!data.empty()) {
        auto const sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string Wire::hear_until(std::string_view end) {
    while (heard_.find(end) == std::string::npos && hear_more()) continue;
    auto const at = heard_.find(end);
    auto const size = at == std::string::npos ? heard_.size() : at + end.size();
    auto const text = heard_.substr(0, size);
    heard_.erase(0, size);
    return text;
}

std::string Wire::hear_all() {
    while (hear_more()) continue;
    return std::exchange(heard_, {});
}

std::string Wire::hear_response() {
    auto text = hear_until("\r\n\r\n");
    auto const at = text.find("Content-Length: ");
    std::size_t const length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    while (heard_.size() < length && hear_more()) continue;
    text += heard_.substr(0, length);
    heard_.erase(0, std::min(length, heard_.size()));
    return text;
}

bool Wire::hear_more() {
    std::string piece(64u << 10, '\0');
    auto const count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count <= 0) return false;
    heard_.append(piece, 0, static_cast<std::size_t>(count));
    return true;
}

std::size_t process_number(pid_t pid, std::string_view field) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(field)) return std::stoul(line.substr(field.size()));
    }
    return 0;
}

}  // namespace aipress::testing
