#include "http/server.h"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <condition_variable>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "http/tls_contexts.h"

namespace aipress::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

template <typename T>
using Awaitable = asio::awaitable<T>;
using Parser = beast::http::request_parser<beast::http::buffer_body>;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr unsigned char kTlsHandshake = 0x16;  // RFC 8446, 5.1: the content type of a ClientHello
constexpr std::size_t kFirstRead = 4'096;
constexpr std::size_t kBodyRead = 64u << 10;  // Beast reads no more at a time
constexpr std::size_t kBufferMost = limits::kHeaderBytes + (64u << 10);
constexpr milliseconds kFarewell{1'000};
constexpr milliseconds kAcceptPause{50};

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t now) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&now, &parts);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                       kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                       kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// Not what a client that just left looks like.
bool is_malformed(error_code const& error) {
    static auto const& category = beast::http::make_error_code(beast::http::error{}).category();
    return error && error.category() == category && error != beast::http::error::end_of_stream &&
           error != beast::http::error::partial_message;
}

// nullopt: it goes on.
std::optional<Error> why_body_ends(error_code const& error) {
    if (!error || error == beast::http::error::need_buffer) return std::nullopt;
    if (error == beast::error::timeout) {
        return Error(ErrorCode::DeadlineExceeded, "the client is silent in mid-body");
    }
    if (error == beast::http::error::bad_chunk ||
        error == beast::http::error::bad_chunk_extension) {
        return Error(ErrorCode::InvalidArgument, "the body's chunks are malformed");
    }
    return Error(ErrorCode::Unavailable, "the client left: " + error.message());
}

bool has_no_body(int status) {
    return status / 100 == 1 || status == 204 || status == 304;
}

class Connection;

// What all connections share.
struct Shared {
    ServerOptions options;
    Handler handler;
    std::unique_ptr<TlsContexts> tls;
    asio::io_context io;
    asio::thread_pool workers;
    std::atomic<bool> stopping = false;

    std::mutex mutex;
    std::condition_variable changed;
    std::set<std::shared_ptr<Connection>> connections;  // guarded by the mutex

    // Workers that wait for a client, and all there are.
    std::atomic<unsigned> waiting_workers = 0;
    std::atomic<unsigned> all_workers;
    std::vector<std::jthread> more_workers;  // guarded by the mutex; never fewer until the end

    explicit Shared(ServerOptions with)
        : options(std::move(with)), workers(options.workers), all_workers(options.workers) {}

    // Of a worker, around its wait for a client: when all wait, another one comes.
    class WaitingForClient;
    void add_worker();
};

class Shared::WaitingForClient {
public:
    explicit WaitingForClient(Shared& shared) : shared_(shared) {
        if (++shared_.waiting_workers >= shared_.all_workers) shared_.add_worker();
    }
    ~WaitingForClient() { --shared_.waiting_workers; }
    WaitingForClient(WaitingForClient const&) = delete;
    WaitingForClient& operator=(WaitingForClient const&) = delete;

private:
    Shared& shared_;
};

void Shared::add_worker() {
    std::lock_guard const lock(mutex);
    if (waiting_workers < all_workers || all_workers >= limits::kWorkersMost || stopping) return;
    try {
        more_workers.emplace_back([this] { workers.attach(); });
        ++all_workers;
    } catch (std::system_error const& thrown) {
        log::warning("no more workers than {}: {}", all_workers.load(), thrown.what());
    }
}

// One client's connection. Its coroutine and its I/O run on its strand, one at a time; a handler
// runs on a worker while the coroutine waits, and reaches the I/O through wait_for().
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Shared& shared, tcp::socket socket)
        : shared_(shared), strand_(socket.get_executor()), tcp_(std::move(socket)) {
        error_code ignored;
        peer_ = tcp_.socket().remote_endpoint(ignored).address().to_string();
        (void)tcp_.socket().set_option(tcp::no_delay(true), ignored);
    }

    [[nodiscard]] asio::any_io_executor const& executor() const { return strand_; }
    Awaitable<void> run();
    // For stop(): from any thread.
    void close_if_idle();
    void cut();

private:
    class Exchange;

    Awaitable<bool> await_request();
    Awaitable<bool> begin_tls();
    Awaitable<bool> serve_one();
    Awaitable<bool> refuse(int status, std::string text);
    Awaitable<bool> open_tunnel();
    Awaitable<void> say_farewell();

    // Fills the buffer, but at the body's end: each call is a change of threads. Never empty; a
    // Result alone cannot pass through a future.
    Awaitable<std::optional<Result<std::size_t>>> read_body(std::span<char> buffer);
    Awaitable<error_code> write(std::string_view data);
    // The strand's work, waited for by a worker.
    template <typename T>
    T wait_for(Awaitable<T> work) {
        Shared::WaitingForClient const waiting(shared_);
        return asio::co_spawn(strand_, std::move(work), asio::use_future).get();
    }
    template <typename Operation>
    auto on_stream(Operation operation) {
        if (tls_) return operation(*tls_);
        return operation(tcp_);
    }

    Result<Request> make_request() const;
    bool handle(Request const& request);  // on a worker
    void reset();

    Shared& shared_;
    asio::any_io_executor strand_;
    beast::tcp_stream tcp_;
    std::shared_ptr<ssl_ctx_st> tls_context_;
    std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
    beast::flat_buffer buffer_{kBufferMost};
    std::optional<Parser> parser_;
    std::string peer_;
    std::string tunnel_authority_;  // of a CONNECT
    bool expects_continue_ = false;
    std::optional<Error> body_failure_;  // of the request's body: behind what came of it
    bool is_idle_ = true;                // on the strand
    bool is_closed_ = false;
};

// A request's body and its response, as a worker sees them.
class Connection::Exchange final : public BodyReader {
public:
    Exchange(Connection& connection, Request const& request)
        : connection_(connection), request_(request) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        if (buffer.empty()) return std::size_t{0};
        return connection_.wait_for(connection_.read_body(buffer)).value();
    }

    // False: the connection cannot go on.
    bool send(Response& response, bool keep_alive);
    // What the handler left of the body must be out of the way of the next request.
    bool drain();

private:
    std::string head(Response const& response, std::optional<std::uint64_t> length,
                     bool keep_alive) const;
    bool put(std::string_view data) {
        if (cut_after_) {
            data = data.substr(
                0, static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), *cut_after_)));
            *cut_after_ -= data.size();
        }
        if (!data.empty() && connection_.wait_for(connection_.write(data))) return false;
        return !cut_after_ || *cut_after_ > 0;
    }
    bool send_source(BodySource const& source, bool chunked);
    bool send_file(FileRange const& range);

    Connection& connection_;
    Request const& request_;
    std::optional<std::uint64_t> cut_after_;
};

std::string Connection::Exchange::head(Response const& response,
                                       std::optional<std::uint64_t> length, bool keep_alive) const {
    auto text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                            reason_phrase(response.status), http_date(std::time(nullptr)));
    for (auto const& [name, value] : response.headers.fields()) {
        text += fmt::format("{}: {}\r\n", name, value);
    }
    if (has_no_body(response.status)) {
        // RFC 9110, 8.6: no length.
    } else if (length) {
        text += fmt::format("Content-Length: {}\r\n", *length);
    } else {
        text += "Transfer-Encoding: chunked\r\n";
    }
    text += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    return text;
}

bool Connection::Exchange::send_source(BodySource const& source, bool chunked) {
    std::string piece(limits::kPieceBytes, '\0');
    std::uint64_t sent = 0;
    while (true) {
        auto const count = source.read(std::span(piece.data(), piece.size()));
        if (!count.ok()) {
            log::warning("a body broke off: {}", count.error().message());
            return false;
        }
        auto const data = std::string_view(piece).substr(0, count.value());
        if (data.empty()) break;
        sent += data.size();
        if (chunked && !put(fmt::format("{:x}\r\n", data.size()))) return false;
        if (!put(data) || (chunked && !put("\r\n"))) return false;
    }
    if (chunked) return put("0\r\n\r\n");
    return sent == *source.length;
}

bool Connection::Exchange::send_file(FileRange const& range) {
    std::string piece(limits::kPieceBytes, '\0');
    std::uint64_t done = 0;
    while (done < range.length) {
        auto const wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), range.length - done));
        auto const count = ::pread(range.file->get(), piece.data(), wanted,
                                   static_cast<off_t>(range.offset + done));
        if (count <= 0) return false;  // shorter than promised
        if (!put(std::string_view(piece).substr(0, static_cast<std::size_t>(count)))) return false;
        done += static_cast<std::uint64_t>(count);
    }
    return true;
}

bool Connection::Exchange::send(Response& response, bool keep_alive) {
    if (response.cut && !response.cut->after_body_bytes) return false;
    auto const* text = std::get_if<std::string>(&response.body);
    auto const* range = std::get_if<FileRange>(&response.body);
    auto const* source = std::get_if<BodySource>(&response.body);
    std::optional<std::uint64_t> length;
    if (text != nullptr) length = text->size();
    if (range != nullptr) length = range->length;
    if (source != nullptr) length = source->length;
    bool const has_body = request_.method != "HEAD" && !has_no_body(response.status);

    auto begin = head(response, length, keep_alive);
    bool const in_one =
        text != nullptr && has_body && !response.cut && text->size() <= limits::kPieceBytes;
    if (in_one) begin += *text;
    if (!put(begin)) return false;
    if (response.cut) {
        cut_after_ = response.cut->after_body_bytes;
        if (*cut_after_ == 0) return false;
    }
    if (!has_body || in_one) return true;
    if (text != nullptr) return put(*text);
    if (range != nullptr) return send_file(*range);
    ASSERT(source != nullptr);
    return send_source(*source, !source->length);
}

bool Connection::Exchange::drain() {
    std::string piece(limits::kPieceBytes, '\0');
    std::uint64_t drained = 0;
    if (connection_.expects_continue_) return false;  // it may send the body, or not
    while (drained <= limits::kDrainedBytes) {
        auto const count = read(std::span(piece.data(), piece.size()));
        if (!count.ok()) return false;
        if (count.value() == 0) return true;
        drained += count.value();
    }
    return false;
}

Awaitable<void> Connection::run() {
    while (co_await await_request()) {
        if (!co_await serve_one()) break;
    }
    co_await say_farewell();
    error_code ignored;
    (void)tcp_.socket().close(ignored);
}

// Until there is something of a request in the buffer.
Awaitable<bool> Connection::await_request() {
    is_idle_ = true;
    // As close_if_idle() would, had it come now: nothing is under way that needs a farewell.
    if (shared_.stopping) is_closed_ = true;
    while (!is_closed_) {
        if (buffer_.size() == 0) {
            // Idle connections are many: none keeps the room that a body needed.
            if (buffer_.capacity() > kFirstRead) buffer_.shrink_to_fit();
            tcp_.expires_after(shared_.options.idle_time);
            auto const space = buffer_.prepare(kFirstRead);
            auto const [error, count] = co_await on_stream(
                [&](auto& stream) { return stream.async_read_some(space, kTuple); });
            if (error) co_return false;
            buffer_.commit(count);
        }
        auto const first = *static_cast<unsigned char const*>(buffer_.data().data());
        if (tls_ || first != kTlsHandshake) co_return true;
        if (!co_await begin_tls()) co_return false;
    }
    co_return false;
}

Awaitable<bool> Connection::begin_tls() {
    if (!shared_.tls) co_return false;
    // A client that names no host means the one of its CONNECT, or our address.
    auto name = std::string(host_without_port(tunnel_authority_));
    if (name.empty()) name = shared_.options.address;
    auto context = shared_.tls->for_name(name);
    if (!context.ok()) co_return false;
    tls_context_ = context.release();
    SSL_CTX_up_ref(tls_context_.get());
    asio::ssl::context borrowed(tls_context_.get());  // frees one reference
    tls_.emplace(tcp_, borrowed);
    tcp_.expires_after(limits::kHandshakeTime);
    auto const data = buffer_.data();
    auto const [error, used] =
        co_await tls_->async_handshake(asio::ssl::stream_base::server, data, kTuple);
    if (error) {
        tls_.reset();
        is_closed_ = true;
        co_return false;
    }
    buffer_.consume(used);
    co_return true;
}

Awaitable<bool> Connection::serve_one() {
    parser_.emplace();
    parser_->header_limit(limits::kHeaderBytes);
    parser_->body_limit(boost::none);
    tcp_.expires_after(shared_.options.header_time);
    auto const [error, count] = co_await on_stream([&](auto& stream) {
        return beast::http::async_read_header(stream, buffer_, *parser_, kTuple);
    });
    if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
        co_return co_await refuse(431, "the request's headers are too long\n");
    }
    if (error == beast::error::timeout) co_return false;
    if (is_malformed(error)) {
        co_return co_await refuse(400, "this is no HTTP/1.1 request: " + error.message() + "\n");
    }
    if (error) co_return false;
    is_idle_ = false;
    if (parser_->get().method() == beast::http::verb::connect) co_return co_await open_tunnel();

    auto request = make_request();
    if (!request.ok()) co_return co_await refuse(400, request.error().message() + "\n");
    expects_continue_ = request->headers.has_token("Expect", "100-continue");
    auto const self = shared_from_this();
    co_await asio::post(asio::bind_executor(shared_.workers, asio::use_awaitable));
    bool const goes_on = handle(request.value());
    co_await asio::post(asio::bind_executor(strand_, asio::use_awaitable));
    co_return goes_on && !is_closed_;
}

// On a worker. The coroutine waits, so nobody else touches the connection but through the strand.
bool Connection::handle(Request const& request) {
    Exchange exchange(*this, request);
    auto response = shared_.handler(request, exchange);
    bool const keep_alive = parser_->keep_alive() && !shared_.stopping;
    if (!exchange.send(response, keep_alive)) {
        cut();  // on the strand before the coroutine goes on
        return false;
    }
    return exchange.drain() && keep_alive;
}

Awaitable<bool> Connection::refuse(int status, std::string text) {
    auto const reply = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
        "Connection: close\r\n\r\n{}",
        status, reason_phrase(status), text.size(), text);
    (void)co_await write(reply);
    co_return false;
}

Awaitable<bool> Connection::open_tunnel() {
    tunnel_authority_ = std::string(parser_->get().target());
    auto const error = co_await write("HTTP/1.1 200 Connection established\r\n\r\n");
    co_return !error;
}

// Data that was never read would turn the close into a reset, and the client might lose what we
// said last: say that we are done, and give it a moment to be done too.
Awaitable<void> Connection::say_farewell() {
    if (is_closed_ || !tcp_.socket().is_open()) co_return;
    tcp_.expires_after(kFarewell);
    if (tls_) {
        (void)co_await tls_->async_shutdown(kTuple);
    }
    error_code ignored;
    (void)tcp_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    std::size_t drained = 0;
    while (drained < limits::kDrainedBytes) {
        buffer_.clear();
        auto const space = buffer_.prepare(kFirstRead);
        auto const [error, count] = co_await tcp_.async_read_some(space, kTuple);
        if (error) co_return;
        drained += count;
    }
}

Awaitable<std::optional<Result<std::size_t>>> Connection::read_body(std::span<char> buffer) {
    if (expects_continue_) {
        expects_continue_ = false;
        auto const error = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        if (error) co_return Error(ErrorCode::Unavailable, error.message());
    }
    if (body_failure_) co_return *body_failure_;
    // Beast reads at most what the buffer has room for.
    if (parser_->content_length_remaining().value_or(kBodyRead) > kFirstRead) {
        buffer_.reserve(kBodyRead);
    }
    auto& body = parser_->get().body();
    std::size_t filled = 0;
    while (!parser_->is_done() && filled < buffer.size()) {
        auto const rest = buffer.subspan(filled);
        body.data = rest.data();
        body.size = rest.size();
        body.more = true;
        tcp_.expires_after(shared_.options.piece_time);
        auto const [error, count] = co_await on_stream([&](auto& stream) {
            return beast::http::async_read_some(stream, buffer_, *parser_, kTuple);
        });
        filled += rest.size() - body.size;
        body_failure_ = why_body_ends(error);
        if (body_failure_ && filled == 0) co_return *body_failure_;
        if (body_failure_) break;
    }
    co_return filled;
}

Awaitable<error_code> Connection::write(std::string_view data) {
    while (!data.empty()) {
        auto const piece = data.substr(0, limits::kPieceBytes);
        tcp_.expires_after(shared_.options.piece_time);
        auto const buffer = asio::buffer(piece.data(), piece.size());
        auto const [error, count] = co_await on_stream(
            [&](auto& stream) { return asio::async_write(stream, buffer, kTuple); });
        if (error) co_return error;
        data.remove_prefix(count);
    }
    co_return error_code();
}

Result<Request> Connection::make_request() const {
    auto const& message = parser_->get();
    auto const target = TRY(parse_target(std::string_view(message.target())));
    Request request;
    request.method = std::string(message.method_string());
    request.path = target.path;
    request.query = target.query;
    request.parameters = parse_query(target.query);
    request.peer = peer_;
    std::size_t hosts = 0;
    for (auto const& field : message) {
        request.headers.add(std::string(field.name_string()), std::string(field.value()));
        if (field.name() == beast::http::field::host) ++hosts;
    }
    if (hosts > 1) return Error(ErrorCode::InvalidArgument, "the request has two Host headers");
    if (request.headers.find("Transfer-Encoding") && request.headers.find("Content-Length")) {
        return Error(ErrorCode::InvalidArgument,
                     "the request has both a Content-Length and a Transfer-Encoding");
    }
    request.authority = std::string(request.headers.find("Host").value_or(tunnel_authority_));
    if (!target.host.empty()) request.authority = target.host;
    request.host = lower_case(host_without_port(request.authority));
    if (request.host.empty()) {
        return Error(ErrorCode::InvalidArgument, "the request names no Host");
    }
    request.scheme = !target.scheme.empty() ? lower_case(target.scheme) : tls_ ? "https" : "http";
    if (auto const length = parser_->content_length()) request.content_length = *length;
    return request;
}

void Connection::reset() {
    is_closed_ = true;
    error_code ignored;
    (void)tcp_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    (void)tcp_.socket().close(ignored);
}

void Connection::close_if_idle() {
    asio::post(strand_, [self = shared_from_this()] {
        if (!self->is_idle_) return;
        self->is_closed_ = true;
        error_code ignored;
        (void)self->tcp_.socket().close(ignored);
    });
}

void Connection::cut() {
    asio::post(strand_, [self = shared_from_this()] { self->reset(); });
}

}  // namespace

struct Server::Impl {
    Impl(ServerOptions options, CertificateAuthority const* authority, Handler handler)
        : shared(std::move(options)), acceptor(shared.io) {
        shared.handler = std::move(handler);
        if (authority != nullptr) shared.tls = std::make_unique<TlsContexts>(*authority);
    }
    ~Impl() { stop(milliseconds(0)); }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;

    Result<void> listen();
    error_code open_acceptor(asio::ip::address const& address);
    Awaitable<void> accept();
    void serve(tcp::socket socket);
    void stop(milliseconds grace);
    std::vector<std::shared_ptr<Connection>> all();

    Shared shared;
    tcp::acceptor acceptor;
    std::uint16_t port = 0;
    std::vector<std::jthread> threads;
};

error_code Server::Impl::open_acceptor(asio::ip::address const& address) {
    error_code error;
    tcp::endpoint const endpoint(address, shared.options.port);
    if (shared.options.listening_socket >= 0) {
        int const own = ::fcntl(shared.options.listening_socket, F_DUPFD_CLOEXEC, 0);
        if (own < 0) return {errno, boost::system::system_category()};
        (void)acceptor.assign(endpoint.protocol(), own, error);
        return error;
    }
    (void)acceptor.open(endpoint.protocol(), error);
    if (!error) (void)acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) (void)acceptor.bind(endpoint, error);
    if (!error) (void)acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
}

Result<void> Server::Impl::listen() {
    error_code error;
    auto const address = asio::ip::make_address(shared.options.address, error);
    if (error) {
        return Error(ErrorCode::InvalidArgument,
                     "not an address to listen on: " + shared.options.address);
    }
    error = open_acceptor(address);
    if (error) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("cannot listen on {}:{}: {}", shared.options.address,
                                 shared.options.port, error.message()));
    }
    port = acceptor.local_endpoint().port();
    asio::co_spawn(shared.io, accept(), asio::detached);
    // One thread moves all bytes; the handlers have theirs.
    threads.emplace_back([this] { shared.io.run(); });
    return {};
}

Awaitable<void> Server::Impl::accept() {
    while (true) {
        auto strand = asio::make_strand(shared.io);
        tcp::socket socket(strand);
        auto const [error] = co_await acceptor.async_accept(socket, kTuple);
        if (error == asio::error::operation_aborted || shared.stopping) co_return;
        if (error) {
            // Out of file descriptors: some will be closed.
            asio::steady_timer timer(shared.io, kAcceptPause);
            (void)co_await timer.async_wait(kTuple);
            continue;
        }
        serve(std::move(socket));
    }
}

void Server::Impl::serve(tcp::socket socket) {
    auto connection = std::make_shared<Connection>(shared, std::move(socket));
    {
        std::lock_guard const lock(shared.mutex);
        if (shared.connections.size() >= shared.options.connections) return;
        shared.connections.insert(connection);
    }
    asio::co_spawn(
        connection->executor(), [connection] { return connection->run(); },
        [this, connection](std::exception_ptr const& thrown) {
            if (thrown) log::error("a connection ended by an exception");
            std::lock_guard const lock(shared.mutex);
            shared.connections.erase(connection);
            shared.changed.notify_all();
        });
}

std::vector<std::shared_ptr<Connection>> Server::Impl::all() {
    std::lock_guard const lock(shared.mutex);
    return {shared.connections.begin(), shared.connections.end()};
}

void Server::Impl::stop(milliseconds grace) {
    if (threads.empty()) return;
    shared.stopping = true;
    asio::post(shared.io, [this] {
        error_code ignored;
        // Not close(): where somebody else holds the socket too (listening_socket()), Asio would go
        // on to be told of its connections.
        FileDescriptor const socket(acceptor.release(ignored));
    });
    for (auto const& connection : all()) connection->close_if_idle();
    {
        std::unique_lock lock(shared.mutex);
        shared.changed.wait_for(lock, grace, [&] { return shared.connections.empty(); });
    }
    for (auto const& connection : all()) connection->cut();
    {
        std::unique_lock lock(shared.mutex);
        shared.changed.wait(lock, [&] { return shared.connections.empty(); });
    }
    threads.clear();
    shared.workers.join();
    shared.more_workers.clear();
}

Result<Server> Server::start(ServerOptions options, CertificateAuthority const* authority,
                             Handler handler) {
    auto impl = std::make_unique<Impl>(std::move(options), authority, std::move(handler));
    TRY(impl->listen());
    return Server(std::move(impl));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Result<FileDescriptor> Server::listening_socket() const {
    FileDescriptor socket(::fcntl(impl_->acceptor.native_handle(), F_DUPFD_CLOEXEC, 0));
    if (socket.valid()) return socket;
    return Error(ErrorCode::Unavailable, "no file descriptor is left for the listening socket");
}

std::uint16_t Server::port() const {
    return impl_->port;
}

std::size_t Server::connections() const {
    std::lock_guard const lock(impl_->shared.mutex);
    return impl_->shared.connections.size();
}

void Server::stop(milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace aipress::http
