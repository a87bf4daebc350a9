#include "edge_stage.h"

#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>

#include "testing/must.h"
#include "testing/test_context.h"

namespace aipress::functional {

using testing::HttpAnswer;
using testing::HttpClient;
using testing::must;
using testing::test_context;

NamedSite::NamedSite(std::string name, http::CertificateAuthority const* authority)
    : name_(std::move(name)) {
    http::ServerOptions options{.workers = 32};
    // Kept connections that are closed just when the next request is on its way.
    if (authority == nullptr) options.idle_time = milliseconds(3);
    server_ = must(http::Server::start(
        options, authority, [this](http::Request const& request, http::BodyReader& body) {
            return answer(request, body);
        }));
}

http::Response NamedSite::answer(http::Request const& request, http::BodyReader& body) {
    if (is_closed_) ++out_of_place_;
    test_context().sleep(answer_time_);
    http::Response response;
    if (request.method == "POST") {
        std::uint64_t bytes = 0;
        std::array<char, 65536> buffer;
        for (;;) {
            auto const got = body.read(buffer);
            if (!got.ok() || got.value() == 0) break;
            bytes += got.value();
        }
        response.body = std::to_string(bytes);
        return response;
    }
    auto const proto = request.headers.find("X-Forwarded-Proto").value_or("none");
    response.headers.set("X-Asked", fmt::format("{} {}", request.authority, proto));
    response.body = name_;
    return response;
}

EchoSite::EchoSite() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), name, size) != 0 || ::listen(listener_.get(), 1) != 0 ||
        ::getsockname(listener_.get(), name, &size) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(address.sin_port);
    // Nobody may ever come.
    timeval const patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    thread_ = std::jthread([this] { serve(); });
}

// The key and its answer are RFC 6455's own, section 1.3.
void EchoSite::serve() {
    FileDescriptor const visitor(::accept(listener_.get(), nullptr, nullptr));
    std::array<char, 4096> buffer;
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        auto const got = ::recv(visitor.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return;
        head.append(buffer.data(), static_cast<std::size_t>(got));
    }
    std::string_view const welcome =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    ::send(visitor.get(), welcome.data(), welcome.size(), MSG_NOSIGNAL);
    for (;;) {
        auto const got = ::recv(visitor.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return;
        ::send(visitor.get(), buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
    }
}

HttpAnswer visit_once(std::uint16_t port, std::string const& host) {
    HttpClient client;
    return client.send(
        {.url = fmt::format("http://127.0.0.1:{}/", port), .headers = {{"Host", host}}});
}

Visitors::Visitors(std::uint16_t port, std::string host, unsigned number)
    : port_(port), host_(std::move(host)) {
    for (unsigned i = 0; i < number; ++i) {
        threads_.emplace_back([this](std::stop_token stop) { visit(std::move(stop)); });
    }
}

void Visitors::visit(std::stop_token stop) {
    HttpClient client;
    while (!stop.stop_requested()) {
        auto const answer = client.send(
            {.url = fmt::format("http://127.0.0.1:{}/", port_), .headers = {{"Host", host_}}});
        {
            std::lock_guard const lock(mutex_);
            ++count_.answered;
            if (answer.status == 200) {
                ++count_.by_site[answer.text];
            } else if (++count_.failed == 1) {
                count_.first_failure =
                    fmt::format("{} {}{}", answer.status, answer.error, answer.text);
            }
        }
        // A person reads; two cores are shared by everything here.
        test_context().sleep(milliseconds(1));
    }
}

unsigned Visitors::answered() const {
    std::lock_guard const lock(mutex_);
    return count_.answered;
}

void Visitors::wait_for_answers(unsigned more) const {
    auto const wanted = answered() + more;
    auto const context = test_context();
    while (answered() < wanted && context.sleep(milliseconds(2))) {
    }
}

VisitCount Visitors::leave() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
    std::lock_guard const lock(mutex_);
    return count_;
}

}  // namespace aipress::functional
