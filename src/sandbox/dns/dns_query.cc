#include "sandbox/dns/dns_query.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "sandbox/dns/limits.h"

namespace aipress::sandbox::dns {
namespace {

constexpr unsigned kTypeSoa = 6;
constexpr unsigned kClassIn = 1;
constexpr unsigned kAttempts = 3;
constexpr milliseconds kPollStep{100};  // how soon a stop is noticed

void put_number(std::string& message, unsigned number) {
    message += static_cast<char>(number >> 8);
    message += static_cast<char>(number & 0xff);
}

// Reads a message; past its end everything is 0 and ok() false.
class Cursor {
public:
    Cursor(std::string_view message, std::size_t at) : message_(message), at_(at) {}

    [[nodiscard]] bool ok() const { return ok_; }
    unsigned byte() {
        if (at_ >= message_.size()) {
            ok_ = false;
            return 0;
        }
        return static_cast<unsigned char>(message_[at_++]);
    }
    unsigned number16() {
        unsigned const high = byte();
        return high << 8 | byte();
    }
    std::uint32_t number32() {
        std::uint32_t const high = number16();
        return high << 16 | number16();
    }
    // A pointer ends a name.
    void skip_name() {
        while (ok_) {
            unsigned const length = byte();
            if (length == 0) return;
            if (length >= 0xc0) {
                byte();
                return;
            }
            at_ += length;
        }
    }

private:
    std::string_view message_;
    std::size_t at_;
    bool ok_ = true;
};

Error unavailable(std::string_view what) {
    return Error(ErrorCode::Unavailable,
                 fmt::format("asking the name server: {}: {}", what, std::strerror(errno)));
}

Result<FileDescriptor> connect_to(std::uint16_t port) {
    FileDescriptor connection(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!connection.valid()) return unavailable("socket");
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.get(), reinterpret_cast<sockaddr const*>(&server), sizeof server) !=
        0) {
        return unavailable("connect");
    }
    return connection;
}

// Unavailable when nothing came in time.
Result<std::string> ask(Context const& context, int connection, std::string_view question) {
    if (::send(connection, question.data(), question.size(), 0) < 0) return unavailable("send");
    auto const waiting = context.within(kAnswerTime);
    pollfd watched{.fd = connection, .events = POLLIN, .revents = 0};
    while (!waiting.expired()) {
        if (context.stopped())
            return Error(ErrorCode::Cancelled, "asking the name server: stopped");
        if (::poll(&watched, 1, static_cast<int>(kPollStep.count())) <= 0) continue;
        std::array<char, 4096> answer{};
        auto const got = ::recv(connection, answer.data(), answer.size(), 0);
        if (got < 0) return unavailable("receive");
        return std::string(answer.data(), static_cast<std::size_t>(got));
    }
    return Error(ErrorCode::Unavailable, "asking the name server: no answer");
}

}  // namespace

std::string soa_question(std::uint16_t id, std::string_view zone) {
    std::string message;
    put_number(message, id);
    put_number(message, 0);  // a query, not recursive
    for (unsigned const count : {1U, 0U, 0U, 0U}) put_number(message, count);
    if (zone.ends_with('.')) zone.remove_suffix(1);
    while (!zone.empty()) {
        auto const label = zone.substr(0, zone.find('.'));
        message += static_cast<char>(label.size());
        message += label;
        zone.remove_prefix(std::min(label.size() + 1, zone.size()));
    }
    message += '\0';
    put_number(message, kTypeSoa);
    put_number(message, kClassIn);
    return message;
}

Result<std::uint32_t> serial_in(std::string_view answer, std::string_view question) {
    Error const nonsense(ErrorCode::Unavailable, "the name server's answer is none");
    if (answer.size() < question.size() || answer.substr(0, 2) != question.substr(0, 2)) {
        return nonsense;
    }
    Cursor cursor(answer, 2);
    unsigned const flags = cursor.number16();
    unsigned const code = flags & 0xf;
    cursor.number16();  // the question
    unsigned const answers = cursor.number16();
    if (code != 0 || answers == 0) {
        return Error(ErrorCode::NotFound,
                     fmt::format("the name server does not answer for the zone (code {})", code));
    }
    cursor = Cursor(answer, question.size());
    cursor.skip_name();
    unsigned const type = cursor.number16();
    cursor.number16();  // class
    cursor.number32();  // TTL
    cursor.number16();  // length
    cursor.skip_name();
    cursor.skip_name();
    auto const serial = cursor.number32();
    if (!cursor.ok() || type != kTypeSoa) return nonsense;
    return serial;
}

Result<std::uint32_t> ask_serial(Context const& context, std::uint16_t port,
                                 std::string_view zone) {
    auto const connection = TRY(connect_to(port));
    Error last(ErrorCode::Unavailable, "asking the name server: no answer");
    for (unsigned attempt = 1; attempt <= kAttempts; ++attempt) {
        // The attempt's number is the message's id: a late answer to an earlier one is not taken.
        auto const question = soa_question(static_cast<std::uint16_t>(attempt), zone);
        auto const answer = ask(context, connection.get(), question);
        if (!answer.ok() && answer.error().code() == ErrorCode::Cancelled) return answer.error();
        if (!answer.ok()) {
            last = answer.error();
            continue;
        }
        auto serial = serial_in(answer.value(), question);
        if (serial.ok() || serial.error().code() == ErrorCode::NotFound) return serial;
        last = serial.release_error();
    }
    return last;
}

}  // namespace aipress::sandbox::dns
