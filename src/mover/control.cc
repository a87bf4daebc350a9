#include "mover/control.h"

#include <atomic>
#include <boost/json/serialize.hpp>
#include <list>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "json/fields.h"
#include "mover/control_socket.h"

namespace aipress::mover {
namespace {

constexpr std::size_t kLongestRequest = 64 * 1024;
constexpr std::size_t kLongestAnswer = 64 * 1024 * 1024;  // a report of very many tables
constexpr std::size_t kMostClients = 32;
constexpr milliseconds kPauseAfterFailure{50};
constexpr milliseconds kAnswerTimeout{1'000};

ErrorCode code_from(std::string_view text) {
    for (int number = 1; number <= static_cast<int>(ErrorCode::Unauthenticated); ++number) {
        auto const code = static_cast<ErrorCode>(number);
        if (to_string(code) == text) return code;
    }
    return ErrorCode::Unknown;
}

boost::json::object answer_of(Result<boost::json::object> handled) {
    boost::json::object answer;
    if (handled.ok()) {
        answer = handled.release();
        answer["ok"] = true;
        return answer;
    }
    answer["ok"] = false;
    answer["code"] = to_string(handled.error().code());
    answer["message"] = handled.error().message();
    return answer;
}

}  // namespace

struct ControlServer::Impl {
    struct Client {
        std::atomic<bool> done = false;
        std::jthread thread;
    };

    std::string path;
    FileDescriptor socket;
    ControlHandler handler;
    SystemClock clock;  // only to wait without a deadline
    std::list<Client> clients;
    std::jthread acceptor;

    Impl(std::string socket_path, FileDescriptor listening, ControlHandler handle)
        : path(std::move(socket_path)), socket(std::move(listening)), handler(std::move(handle)) {
        acceptor = std::jthread([this](std::stop_token stop) { accept_clients(stop); });
    }

    ~Impl() {
        ::unlink(path.c_str());  // first: who comes now finds nobody rather than a deaf ear
        acceptor.request_stop();
        acceptor.join();
        for (auto& client : clients) client.thread.request_stop();
        clients.clear();
    }

    void accept_clients(std::stop_token const& stop) {
        StopSignal const stop_signal(stop);
        Context const context(clock, Deadline::never(), stop);
        while (await_socket(context, stop_signal, socket.get(), POLLIN).ok()) {
            FileDescriptor accepted(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
            clients.remove_if([](Client const& client) { return client.done.load(); });
            if (!accepted.valid()) {
                context.sleep(kPauseAfterFailure);  // out of descriptors: not in a busy loop
                continue;
            }
            if (clients.size() >= kMostClients) continue;  // hangs up
            auto& client = clients.emplace_back();
            client.thread = std::jthread(
                [this, &client, peer = std::move(accepted)](std::stop_token client_stop) {
                    serve(peer.get(), client_stop);
                    client.done = true;
                });
        }
    }

    void serve(int peer, std::stop_token const& stop) {
        StopSignal const stop_signal(stop);
        Context const context(clock, Deadline::never(), stop);
        std::string pending;
        for (;;) {
            auto line = receive_line(context, stop_signal, peer, pending, kLongestRequest);
            if (!line.ok()) return;
            auto const request = json::parse_object(*line);
            auto const answer =
                answer_of(request.ok() ? handler(request.value(), stop)
                                       : Result<boost::json::object>(request.error()));
            // An effect that came about is answered even when the server is going down.
            auto const text = boost::json::serialize(answer);
            auto const grace = Context(clock, Deadline::after(clock, kAnswerTimeout), {});
            if (!send_line(grace, StopSignal({}), peer, text).ok()) return;
        }
    }
};

Result<ControlServer> ControlServer::start(std::string const& socket_path, ControlHandler handler) {
    auto listening = TRY(listen_at(socket_path));
    return ControlServer(
        std::make_unique<Impl>(socket_path, std::move(listening), std::move(handler)));
}

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&&) noexcept = default;
ControlServer::~ControlServer() = default;

Result<boost::json::object> control_call(Context const& context, std::string const& socket_path,
                                         boost::json::object const& request) {
    auto const socket = TRY(connect_to(socket_path));
    StopSignal const stop(context.stop());
    TRY(send_line(context, stop, socket.get(), boost::json::serialize(request)));
    std::string pending;
    auto const line = TRY(receive_line(context, stop, socket.get(), pending, kLongestAnswer));
    auto answer = TRY(json::parse_object(line));
    if (TRY(json::get_bool(answer, "ok"))) return answer;
    return Error(code_from(TRY(json::get_string(answer, "code"))),
                 TRY(json::get_string(answer, "message")));
}

}  // namespace aipress::mover
